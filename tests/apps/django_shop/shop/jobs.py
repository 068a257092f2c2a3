"""What workers do for the shop."""

from asgiref.sync import sync_to_async

from lightjobs import Job, JobContext, job

from .models import Order


class Ship(Job):
    def handle(self):
        Order.objects.filter(number=self.payload["order"]).update(shipped=True)

    def onSuccess(self):
        Order.objects.filter(number=self.payload["order"]).update(told=True)


class ShipAsync(Job):
    async def handle(self):
        await Order.objects.filter(number=self.payload["order"]).aupdate(shipped=True)

    async def onSuccess(self):
        tell = Order.objects.filter(number=self.payload["order"]).update
        await sync_to_async(tell)(told=True)


@job(queue="receipts")
def send_receipt(context: JobContext, order: int) -> None:
    Order.objects.filter(number=order).update(told=True)
