from django.urls import include, path
from shop import views

urlpatterns = [
    path("order/", views.order),
    path("jobs/", include("lightjobs.contrib.django.urls")),
]
