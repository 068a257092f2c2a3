from tests.support.documents import blocks, run


def test_the_locks_and_limits_in_the_docs_do_what_they_say(engine, capsys):
    calls = []
    steps = ("write_report", "send_invoice", "check_password")
    names = {name: lambda name=name: calls.append(name) for name in steps}
    (locks,) = blocks("docs/how-to/locks-and-limits.md", "Locks")
    (limits,) = blocks("docs/how-to/locks-and-limits.md", "Limits")
    run(locks, __name__, **names)
    run(limits, __name__, **names)
    assert calls == ["write_report", "send_invoice", "send_invoice", "check_password"]
    assert capsys.readouterr().out == "1 4\n"
    assert not engine.coordination.is_locked("invoice:4711")
