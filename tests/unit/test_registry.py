import importlib
import subprocess
import sys

import pytest

from lightjobs import Job
from lightjobs.errors import JobDefinitionError, SettingsError, UnknownHandler
from lightjobs.execution import registry
from lightjobs.execution.async_bridge import drive
from lightjobs.execution.executor import execute
from lightjobs.execution.run import Run
from lightjobs.model import Done, Release

from .support import claim

JOB = "from lightjobs import Job\n\n\nclass {}(Job):\n    def handle(self): pass\n"


@pytest.mark.parametrize(
    ("module", "name", "handler"),
    [
        ("app_jobs/process_payment.py", "ProcessPayment", "App\\Jobs\\ProcessPayment"),
        ("app_jobs/anything_else.py", "ProcessPayment", "App\\Jobs\\ProcessPayment"),
        ("app_jobs/__init__.py", "Here", "App\\Jobs\\Here"),
        ("app_jobs/billing/send_invoice.py", "SendInvoice", "App\\Jobs\\Billing\\SendInvoice"),
        ("app_jobs/billing/__init__.py", "Send", "App\\Jobs\\Billing\\Send"),
        ("app_jobs/us_tax/q1/x.py", "File", "App\\Jobs\\UsTax\\Q1\\File"),
        ("more_jobs/x.py", "Mine", "more_jobs.x.Mine"),
        ("more_jobs/__init__.py", "Mine", "more_jobs.Mine"),
        ("more_jobs/app_jobs/x.py", "Mine", "more_jobs.app_jobs.x.Mine"),
    ],
)
def test_handler_is_the_name_php_would_store(project, module, name, handler):
    files = {}
    parts = module.split("/")
    for depth in range(1, len(parts)):
        files["/".join([*parts[:depth], "__init__.py"])] = ""
    project({**files, module: JOB.format(name)})
    registry.load([parts[0]])
    assert registry.lookup(handler).job.__name__ == name
    assert registry.find(name) is registry.find(handler) is registry.lookup(handler).job


def test_a_namespace_package_without_init_works_too(project):
    project({"app_jobs/x.py": JOB.format("X")})
    registry.load(["app_jobs"])
    assert "App\\Jobs\\X" in registry.handlers()


def test_handler_can_be_overridden(project):
    project({"more_jobs/__init__.py": JOB.format("X") + "    handler = 'App\\\\Jobs\\\\Y'\n"})
    registry.load(["more_jobs"])
    assert registry.lookup("App\\Jobs\\Y").job.__name__ == "X"
    with pytest.raises(UnknownHandler):
        registry.lookup("more_jobs.X")


def test_an_overridden_handler_is_not_inherited(project):
    text = JOB.format("X") + "    handler = 'mine'\n\n\nclass Y(X): pass\n"
    project({"more_jobs/__init__.py": text})
    registry.load(["more_jobs"])
    assert registry.lookup("mine").job.__name__ == "X"
    assert registry.lookup("more_jobs.Y").job.__name__ == "Y"


@pytest.mark.parametrize("handler", ["", "x" * 256, "a\nb", "\x1b[31m", "a\x00"])
def test_a_handler_that_cannot_be_stored_is_refused(handler):
    with pytest.raises(JobDefinitionError, match="handler"):
        type("X", (Job,), {"handler": handler})


def test_two_classes_with_one_handler_are_an_error_that_names_both(project):
    project(
        {
            "app_jobs/__init__.py": "",
            "app_jobs/first.py": JOB.format("Pay"),
            "app_jobs/second.py": JOB.format("Pay"),
        }
    )
    with pytest.raises(SettingsError) as caught:
        registry.load(["app_jobs"])
    text = str(caught.value)
    assert "app_jobs.first.Pay" in text
    assert "app_jobs.second.Pay" in text
    assert "second.py:4" in text


def test_a_reloaded_class_replaces_its_former_self(project):
    folder = project({"more_jobs/__init__.py": JOB.format("X")})
    registry.load(["more_jobs"])
    before = registry.lookup("more_jobs.X").job
    (folder / "more_jobs/__init__.py").write_text(JOB.format("X") + "    attempts = 2\n")
    importlib.reload(sys.modules["more_jobs"])
    assert registry.lookup("more_jobs.X").job is not before


def test_a_stored_handler_is_never_imported(project):
    project({"more_jobs/__init__.py": "raise SystemExit('imported')"})
    for handler in ("more_jobs.X", "os.system", "more_jobs", "__main__", ""):
        with pytest.raises(UnknownHandler):
            registry.lookup(handler)
    assert "more_jobs" not in sys.modules


def test_find_by_a_name_that_several_classes_have_lists_them(project):
    project(
        {
            "app_jobs/__init__.py": JOB.format("X"),
            "app_jobs/a/__init__.py": JOB.format("X"),
        }
    )
    registry.load(["app_jobs"])
    with pytest.raises(UnknownHandler, match="several") as caught:
        registry.find("X")
    assert "App\\Jobs\\A\\X" in str(caught.value)
    assert registry.find("App\\Jobs\\A\\X").__module__ == "app_jobs.a"


@pytest.mark.parametrize("typed", ["nap", "NAP", "Nap", "n_a_p", "app\\jobs\\nap"])
def test_find_takes_a_name_as_people_type_it(project, typed):
    project({"app_jobs/__init__.py": JOB.format("Nap")})
    registry.load(["app_jobs"])
    assert registry.find(typed).__name__ == "Nap"


def test_the_name_of_a_function_finds_its_job(project):
    project(
        {
            "app_jobs/__init__.py": "from lightjobs import job\n\n\n"
            "@job()\ndef print_letter(to: str): ...\n"
        }
    )
    registry.load(["app_jobs"])
    assert registry.find("print_letter").__name__ == "PrintLetter"
    assert registry.stored("print_letter") == "App\\Jobs\\PrintLetter"


def test_a_name_as_written_comes_before_one_that_is_alike(project):
    project({"app_jobs/__init__.py": JOB.format("Nap") + JOB.format("NAP").partition("\n")[2]})
    registry.load(["app_jobs"])
    assert registry.find("Nap").__name__ == "Nap"
    assert registry.find("NAP").__name__ == "NAP"
    with pytest.raises(UnknownHandler, match="several jobs are called 'nap'"):
        registry.find("nap")


def test_find_of_a_misspelled_name_shows_the_one_that_was_meant(project):
    project({"app_jobs/__init__.py": JOB.format("ProcessPayment")})
    registry.load(["app_jobs"])
    with pytest.raises(UnknownHandler, match=r"did you mean ProcessPayment\?"):
        registry.find("ProcessPayments")


FORMER = """
from lightjobs import Job, job


class SendInvoice(Job):
    formerHandlers = ("App\\\\Jobs\\\\Invoice", "shop.tasks.send_invoice")

    def handle(self):
        return "sent"


@job("Letter", formerHandlers=("OldLetter",))
def letter(to: str): ...


class Special(SendInvoice): pass
"""


def test_a_class_answers_to_its_former_names_and_is_stored_under_the_new_one(project, engine):
    project({"app_jobs/__init__.py": FORMER})
    registry.load(["app_jobs"])
    new = registry.lookup("App\\Jobs\\SendInvoice").job
    for name in ("App\\Jobs\\Invoice", "shop.tasks.send_invoice"):
        assert registry.lookup(name).job is registry.find(name) is new
    assert registry.lookup("OldLetter").job is registry.find("Letter")
    assert engine.find(new().dispatch()).handler == "App\\Jobs\\SendInvoice"
    assert registry.find("SendInvoice") is new
    ours = [name for name in registry.handlers() if not name.startswith(("lightjobs.", "tests."))]
    assert {"App\\Jobs\\SendInvoice", "App\\Jobs\\Special", "Letter"} <= set(ours)
    assert not {"OldLetter", "App\\Jobs\\Invoice"} & set(ours)


def test_a_job_that_waited_under_a_former_name_is_run(project, engine):
    project({"app_jobs/__init__.py": FORMER})
    registry.load(["app_jobs"])
    assert type(run_job(claim("App\\Jobs\\Invoice")).outcome) is Done


def test_a_former_name_that_another_class_has_is_an_error(project):
    project(
        {
            "app_jobs/__init__.py": JOB.format("Invoice"),
            "app_jobs/new.py": JOB.format("SendInvoice")
            + "    formerHandlers = ('App\\\\Jobs\\\\Invoice',)\n",
        }
    )
    with pytest.raises(SettingsError, match="two Job classes have the handler name"):
        registry.load(["app_jobs"])


@pytest.mark.parametrize("former", ["Old", None, (1,), ("",), ("a\nb",), ("x" * 256,)])
def test_wrong_former_names_are_refused(former):
    with pytest.raises(JobDefinitionError, match=r"X\.formerHandlers is .*; allowed: "):
        type("X", (Job,), {"formerHandlers": former, "handle": lambda self: None})


def test_jobs_of_a_former_name_count_against_the_rate_of_the_class(engine):
    class Renamed(Job):
        handler = "New"
        formerHandlers = ("Old",)

        def rateLimit(self):
            return {"limit": 1, "days": 1}

        def handle(self):
            pass

    outcomes = [type(run_job(claim(name), store=engine).outcome) for name in ("Old", "New", "Old")]
    assert outcomes == [Done, Release, Release]


def run_job(claimed, store=None):
    return drive(execute(Run(claimed, store=store)))


def test_find_of_an_unknown_name_lists_the_known(project):
    project({"app_jobs/__init__.py": JOB.format("X")})
    registry.load(["app_jobs"])
    with pytest.raises(UnknownHandler) as caught:
        registry.find("Nope\x1b")
    text = str(caught.value)
    assert "Nope" in text.partition(";")[0]
    assert "X" in text.partition(";")[2]
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("x = 1\nraise ValueError('no')\n", 2, "ValueError: no"),
        ("x = 1\n\nx = = 2\n", 3, "SyntaxError"),
        ("import nowhere_to_be_found\n", 1, "nowhere_to_be_found"),
        ("\n\nraise SystemExit(3)\n", 3, "SystemExit"),
        ("from lightjobs import Job\n\nclass X(Job):\n    attempts = 0\n", 3, "X.attempts is 0"),
        ("def f(): 1 / 0\n\n\nf()\n", 1, "ZeroDivisionError"),
    ],
)
def test_a_module_that_does_not_import_is_named_with_file_and_line(project, text, line, what):
    folder = project({"app_jobs/__init__.py": "", "app_jobs/bad.py": text})
    with pytest.raises(SettingsError) as caught:
        registry.load(["app_jobs"])
    assert f"{folder}/app_jobs/bad.py:{line}:" in str(caught.value)
    assert what in str(caught.value)


def test_a_package_that_does_not_import_is_named_once(project):
    folder = project(
        {"app_jobs/__init__.py": "", "app_jobs/sub/__init__.py": "1 / 0\n", "app_jobs/sub/a.py": ""}
    )
    problems = registry.examine(["app_jobs"])
    assert len(problems) == 1
    assert problems[0].startswith(f"{folder}/app_jobs/sub/__init__.py:1:")


def test_examine_goes_on_after_a_problem_and_lists_them_all(project):
    project(
        {
            "app_jobs/__init__.py": "",
            "app_jobs/a.py": "1 / 0",
            "app_jobs/b.py": JOB.format("B"),
            "app_jobs/c.py": "nope",
        }
    )
    problems = registry.examine(["app_jobs", "more_jobs"])
    assert len(problems) == 3
    assert "JOB_MODULES" in problems[2]
    assert "App\\Jobs\\B" in registry.handlers()


def test_a_missing_package_names_the_key_and_what_to_do():
    with pytest.raises(SettingsError, match=r"JOB_MODULES names 'app_jobs'.*lightjobs init"):
        registry.load(["app_jobs"])


def test_main_modules_are_not_run(project):
    project({"app_jobs/__init__.py": "", "app_jobs/__main__.py": "1 / 0"})
    assert registry.examine(["app_jobs"]) == []


def test_ready_made_jobs_are_imported_when_they_are_first_looked_up(project):
    project({"app_jobs/x.py": JOB.format("X")})
    script = (
        "import sys\n"
        "from lightjobs.execution import registry\n"
        "registry.load(['app_jobs'])\n"
        "if sys.argv[1:]:\n"
        "    print(registry.lookup(sys.argv[1]).job.__name__)\n"
        "    print(registry.handler_of(registry.find(registry.lookup(sys.argv[1]).job.__name__)))\n"
        "else:\n"
        "    assert not set(registry.READY_MADE.values()) & set(sys.modules)\n"
        "    assert 'lightjobs.payloads.typed' not in sys.modules, '5 ms of each start'\n"
    )

    def printed(*arguments):
        command = [sys.executable, "-c", script, *arguments]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=30
        ).stdout.split()

    assert printed() == []
    for handler in registry.READY_MADE:
        assert printed(handler) == [handler.rpartition(".")[2], handler]


def test_a_job_class_may_define_attributes_named_like_our_functions(project):
    project(
        {
            "more_jobs/__init__.py": JOB.format("X")
            + "    def _handler(self): return 1\n    def new_jobs(self): return 2\n"
        }
    )
    registry.load(["more_jobs"])
    job = registry.find("X")
    assert registry.handler_of(job) == "more_jobs.X"
    assert (job()._handler(), job().new_jobs()) == (1, 2)


def test_job_itself_has_no_handler():
    with pytest.raises(JobDefinitionError, match="allowed: a subclass of Job"):
        Job().dispatch()
