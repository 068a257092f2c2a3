"""A link "Jobs" on the index of Django's admin, which leads to the page where it is mounted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, path, reverse

from .models import Queues


@admin.register(Queues)
class JobsLink(admin.ModelAdmin):
    """Nothing is kept in a table of Django's, so all that the admin has of it is its address."""

    def get_urls(self) -> list[Any]:
        """The one address, behind the admin's login."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="lightjobs_queues_changelist")]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the link is shown: to those who may look, if there is something to look at."""
        return bool(request.user.is_active and request.user.is_staff) and _page() is not None

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """The admin leads to it as to something to look at."""
        return {"view": self.has_module_permission(request)}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the page, which asks itself who may see it."""
        page = _page()
        if page is None:
            raise Http404("the page of lightjobs is not in the project's urls")
        return HttpResponseRedirect(page)


def _page() -> str | None:
    """The address of the page; None if it is not mounted."""
    try:
        return str(reverse("lightjobs:page", args=[""]))
    except NoReverseMatch:
        return None
