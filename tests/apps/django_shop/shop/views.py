from django.db import transaction
from django.http import HttpResponse

from .jobs import Ship, send_receipt
from .models import Order


class OutOfStock(Exception):
    pass


def order(request):
    number = int(request.GET["number"])
    try:
        with transaction.atomic():
            Order.objects.create(number=number)
            job_id = Ship().dispatch({"order": number})
            send_receipt.dispatch(number)
            if "fail" in request.GET:
                raise OutOfStock
    except OutOfStock:
        return HttpResponse("out of stock", status=409)
    return HttpResponse(job_id)
