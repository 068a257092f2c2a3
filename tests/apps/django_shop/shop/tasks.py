"""What workers do for the shop, as Django's tasks."""

try:
    from django.tasks import task
except ImportError:
    from django_tasks import task

from .models import Order


@task(priority=50)
def tell(number, *, loudly=False):
    Order.objects.filter(number=number).update(told=True)
    return {"orders": (number,)}


@task(takes_context=True)
async def ship(context, number):
    assert context.attempt == 1
    await Order.objects.filter(number=number).aupdate(shipped=True)


@task
def break_down(number):
    raise LookupError(f"no order {number}")
