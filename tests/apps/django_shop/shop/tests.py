"""The shop's own tests, for `manage.py test`: the test database has the tables of lightjobs."""

import pytest
from django.db import connection, transaction
from django.test import TestCase, override_settings

import lightjobs
from lightjobs import LightjobsError

from .jobs import Ship, send_receipt
from .models import Order


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, queue FROM jobs ORDER BY id")
        return [(str(id), queue) for id, queue in cursor.fetchall()]


class Orders(TestCase):
    def test_an_order_and_its_jobs_are_one_transaction(self):
        answer = self.client.get("/order/?number=1")
        assert answer.status_code == 200
        assert [queue for _id, queue in stored()] == ["default", "receipts"]
        assert stored()[0][0] == answer.content.decode()
        assert self.client.get("/order/?number=2&fail").status_code == 409
        assert len(stored()) == 2
        assert Order.objects.count() == 1

    def test_a_savepoint_takes_its_jobs_back(self):
        for fails in (True, False):
            try:
                with transaction.atomic():
                    Ship.dispatchMany([{"order": 1}, {"order": 2}])
                    if fails:
                        raise KeyError
            except KeyError:
                pass
            assert len(stored()) == (0 if fails else 2)

    def test_a_broken_transaction_takes_none(self):
        with transaction.atomic():
            transaction.set_rollback(True)
            with pytest.raises(transaction.TransactionManagementError):
                send_receipt.dispatch(1)
        assert stored() == []

    @override_settings(LIGHTJOBS={"engine": "memory", "on_commit": True})
    def test_elsewhere_a_dispatch_waits_for_the_commit(self):
        with self.captureOnCommitCallbacks(execute=True):
            assert Ship().dispatch({"order": 1}) == ""
            assert lightjobs.engine().stats() == {}
        assert lightjobs.engine().stats()["default"]["new"] == 1

    @override_settings(LIGHTJOBS={"engine": "memory"})
    def test_unless_that_is_asked_for_it_does_not(self):
        assert Ship().dispatch({"order": 1}) != ""
        assert lightjobs.engine().stats()["default"]["new"] == 1

    @override_settings(LIGHTJOBS={"engine": "memory", "on_commit": "yes"})
    def test_a_wrong_setting_is_named(self):
        with self.assertRaisesMessage(
            LightjobsError, "LIGHTJOBS['on_commit'] is 'yes'; allowed: T"
        ):
            Ship().dispatch({"order": 1})
