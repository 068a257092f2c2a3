"""What a process tells of its workers' runs."""

from lightjobs.metrics.families import Distribution
from lightjobs.metrics.runs import MOST_EXCEPTIONS, RunMetrics
from lightjobs.notes.observed import MOST_PAIRS, OTHER
from lightjobs.workers.vitals import Vitals
from tests.support.notes import PAY

from .samples import some_vitals, totals


def series(families, name):
    (family,) = (family for family in families if family.name == f"lightjobs_{name}")
    return dict(family.samples)


def test_runs_are_counted_by_queue_handler_and_outcome():
    runs = series(RunMetrics("redis").families(some_vitals()), "runs")
    assert runs["default", "App.Jobs.ProcessPayment", "done"] == 3
    assert runs["default", "App.Jobs.ProcessPayment", "failed"] == 1
    assert runs["mail", "send_mail", "lost"] == 0


def test_waits_are_those_of_the_queue():
    both = {("mail", "a"): totals(done=2, seconds=1.0), ("mail", "b"): totals(done=3, part=1)}
    waits = series(RunMetrics("redis").families(Vitals(runs=both)), "wait_duration_seconds")
    assert waits == {("mail",): Distribution((2, 3, *(0,) * 14), 1.0)}


def test_two_stored_names_with_one_label_are_one_series():
    both = {("q", PAY): totals(done=1), ("q", PAY.replace("\\", ".")): totals(done=2)}
    runs = series(RunMetrics("redis").families(Vitals(runs=both)), "runs")
    assert runs["q", "App.Jobs.ProcessPayment", "done"] == 3


def test_there_are_no_more_than_so_many_pairs_and_no_counter_falls():
    metrics = RunMetrics("redis")
    many = {("q", f"handler {n}"): totals(done=1) for n in range(MOST_PAIRS + 50)}
    first = series(metrics.families(Vitals(runs=many)), "runs")
    assert len({labels[1] for labels in first}) == MOST_PAIRS + 1
    assert first["q", OTHER, "done"] == 50
    turned = {pair: totals(done=2) for pair in reversed(many)}
    second = series(metrics.families(Vitals(runs=turned)), "runs")
    assert second.keys() == first.keys()
    assert all(second[labels] >= count for labels, count in first.items())


def test_there_are_no_more_than_so_many_classes_of_exceptions():
    metrics = RunMetrics("redis")
    many = {("q", "h", f"Error{n}"): 1 for n in range(MOST_EXCEPTIONS + 7)}
    first = series(metrics.families(Vitals(exceptions=many)), "exceptions")
    assert first["q", OTHER, OTHER] == 7
    again = series(metrics.families(Vitals(exceptions=dict(reversed(many.items())))), "exceptions")
    assert again == first


def test_the_state_of_children_is_summed_up():
    families = RunMetrics("redis").families(some_vitals())
    assert series(families, "worker_children") == {
        **{("starting",): 0, ("working",): 1, ("idle",): 1, ("stopping",): 0}
    }
    assert series(families, "worker_places") == {(): 8}
    assert series(families, "worker_busy") == {(): 3}
    assert series(families, "worker_longest_run_seconds") == {(): 12.5}
    assert series(families, "worker_resident_memory_bytes") == {(): 3000}
    assert series(families, "children_ended")["killed",] == 1


def test_threads_of_one_process_share_its_memory():
    child = some_vitals().children[0]
    threads = (child, child, child)
    families = RunMetrics("redis").families(some_vitals(children=threads))
    assert series(families, "worker_resident_memory_bytes") == {(): 1000}
