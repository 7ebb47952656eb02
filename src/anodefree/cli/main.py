"""Every command, with its help; what is heavy is imported only when a command runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anodefree.cli.audit import audit
from anodefree.cli.do import StageGroup
from anodefree.errors import AnodefreeError, ConfigError, near

if TYPE_CHECKING:
    from anodefree.registry import Stage
    from anodefree.study.executors import Executor
    from anodefree.study.plan import Study
    from anodefree.study.store import Store

STUDY = click.argument("study", type=click.Path(path_type=Path))
STORE = click.option(
    "--store", type=click.Path(path_type=Path), default=Path("out/store"), show_default=True, help="where results are kept"
)
RENEW = click.option("--renew", is_flag=True, help="compute again what older code of the same version stored")
OUT = click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("out"), show_default=True, help="where to write"
)
WORKERS = click.option("--workers", type=click.IntRange(1), help="run on a local cluster of so many processes")
SCHEDULER = click.option(
    "--scheduler", metavar="ADDRESS", help="run on a Dask scheduler: tcp://host:port, or its scheduler file"
)
JSON = click.option("--json", "as_json", is_flag=True, help="one JSON object on standard output")


class Ordered(click.Group):
    """Commands in the order in which a newcomer needs them, and a near match for a mistyped one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As they were added."""
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Look a command up, or say which one was probably meant."""
        name = click.utils.make_str(args[0])
        if name and not name.startswith("-") and name not in self.commands:
            raise ConfigError(f"no command '{name}'", "anodefree", near(name, self.commands))
        return super().resolve_command(ctx, args)


@click.group(cls=Ordered, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="anodefree", prog_name="anodefree")
def cli() -> None:
    """From the ion in the film's field to Wh/kg of the pouch cell: simulate, analyse, and check a paper claim by claim.

    Values may carry a unit ('25 degC', '0.3 mA/cm2'). Exit codes: 0 done, 2 what was asked, 3 the data, 4 the numbers.
    """


@cli.command()
@click.option("--quick", "scale", flag_value="hcmass", default="hcmass", help="laptop scale (the default)")
@click.option("--full", "scale", flag_value="hcmass_full", help="production scale")
@OUT
@WORKERS
@SCHEDULER
@RENEW
def reproduce(scale: str, out: Path, workers: int | None, scheduler: str | None, renew: bool) -> None:
    """Recompute the reference paper, claim by claim, into one report."""
    from anodefree.cli.console import on_terminal, progress_bar, say, table
    from anodefree.report.build import build
    from anodefree.study.run import outcomes
    from anodefree.study.shipped import shipped
    from anodefree.study.verdicts import judge

    study, store = _open(shipped(scale), out / "store")
    errors = _run(study, store, workers, scheduler, renew=renew)
    found = outcomes(study, store)
    with progress_bar("Drawing the report") as progress:
        build(_head(study), found, out, progress=progress)
    verdicts = judge(study.ledger, found)
    if on_terminal():
        from anodefree.cli.console import console
        from anodefree.report.terminal import claims_table

        console().print(claims_table(verdicts))
    else:
        rows = [[v.id, v.sample, v.verdict, str(v.paper), "" if v.ours is None else f"{v.ours:.4g}", v.unit] for v in verdicts]
        table(["claim", "sample", "verdict", "paper", "ours", "unit"], rows)
    say(f"report  {out / 'report.html'}\nclaims  {out / 'claims.json'}")
    _exit(errors)


@cli.command()
@STUDY
@WORKERS
@SCHEDULER
@STORE
@RENEW
def run(study: Path, workers: int | None, scheduler: str | None, store: Path, renew: bool) -> None:
    """Run a study. What is in the store is not run again; a killed run continues where it was."""
    from anodefree.cli.console import say

    planned, kept = _open(study, store)
    errors = _run(planned, kept, workers, scheduler, renew=renew)
    say(f"store  {kept.root}")
    _exit(errors)


@cli.command()
@STUDY
@STORE
@JSON
def status(study: Path, store: Path, as_json: bool) -> None:
    """What is done, running, failed, blocked, missing or stale."""
    from anodefree.cli.console import say_json, table
    from anodefree.study.run import outcomes

    planned, kept = _open(study, store)
    found = outcomes(planned, kept, load=False)
    if as_json:
        say_json(
            [{"node": o.node.id, "stage": o.node.stage, "state": o.state, "key": o.node.key, "error": o.error} for o in found]
        )
        return
    table(["node", "stage", "state", "why"], [[o.node.id, o.node.stage, o.state, o.error.partition("\n")[0]] for o in found])


@cli.command()
@STUDY
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="the HTML file to write")
@STORE
def report(study: Path, out: Path, store: Path) -> None:
    """Write the report of what is in the store.

    One HTML file that works offline; claims.json and figures/ lie beside it.
    """
    from anodefree.cli.console import progress_bar, say
    from anodefree.report.build import build
    from anodefree.study.run import outcomes

    planned, kept = _open(study, store)
    with progress_bar("Drawing the report") as progress:
        build(_head(planned), outcomes(planned, kept), out.parent, planned.ledger, name=out.name, progress=progress)
    say(str(out))


cli.add_command(
    StageGroup(
        "do", help="Run one stage on files.\n\nanodefree do STAGE FILE… [--param VALUE …] [--json] [--plot FILE] [--save FILE]"
    )
)


cli.add_command(audit)


@cli.command("list")
@JSON
def list_stages(as_json: bool) -> None:
    """Every stage: what it takes and what it gives."""
    from anodefree.cli.console import say_json, table
    from anodefree.stages import get, names

    stages = [get(n) for n in names()]
    if as_json:
        say_json([_described(s) for s in stages])
        return
    rows = [
        [s.name, ", ".join(i.kind.name for i in s.inputs) or "-", s.kind.name if s.kind else "result", s.title] for s in stages
    ]
    table(["stage", "takes", "gives", ""], rows)


@cli.command()
@click.argument("stage")
@JSON
def show(stage: str, as_json: bool) -> None:
    """A stage's equation, validity, source, inputs and parameters."""
    from anodefree.cli.console import say, say_json, table
    from anodefree.stages import get

    found = get(stage)
    if as_json:
        say_json(_described(found))
        return
    say(f"{found.name}  (version {found.version})\n\n{found.doc}\n")
    if found.inputs:
        rows = [[i.name, i.kind.name, "several files join" if i.many else "", i.kind.title] for i in found.inputs]
        table(["input", "kind", "", ""], rows)
    rows = [[p.name, "" if p.unit == "1" else p.unit, p.spelled(), _default(p), _explained(p)] for p in found.parameters]
    table(["parameter", "unit", "type", "default", ""], rows)
    if found.cites:
        say("cites " + ", ".join(found.cites))


@cli.command()
@JSON
def formats(as_json: bool) -> None:
    """Which files can be read."""
    from anodefree.cli.console import say_json, table
    from anodefree.io.formats import formats as known

    if as_json:
        say_json([{"name": f.name, "title": f.title, "kinds": list(f.kinds), "suffixes": list(f.suffixes)} for f in known()])
        return
    table(
        ["format", "gives", "usual suffix", ""], [[f.name, ", ".join(f.kinds), " ".join(f.suffixes), f.title] for f in known()]
    )


@cli.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--format", "format_", metavar="NAME", help="which reader to use (see: anodefree formats)")
@click.option("--kind", default="", metavar="KIND", help="what to take it for: impedance, cycling, polarisation")
@click.option("--columns", metavar="HEADERS", help="headers of a text that has none: 'time/h, voltage/V, current/mA'")
@click.option("--series", metavar="NAME", help="which of several curves side by side, by name or number")
def convert(source: Path, target: Path, format_: str | None, kind: str, columns: str | None, series: str | None) -> None:
    """Turn an instrument's file into an open one.

    The suffix says which: .csv, .nc, .json or .bdf.csv.
    """
    from anodefree.cli.console import say
    from anodefree.io.read import read
    from anodefree.io.write import write

    write(read(source, format=format_, kind=kind, columns=columns, series=series), target)
    say(str(target))


@cli.command()
@STUDY
def cite(study: Path) -> None:
    """BibTeX of the methods that a study uses."""
    from anodefree.cli.console import say
    from anodefree.study.citations import cite as bibtex
    from anodefree.study.plan import plan

    say(bibtex(*dict.fromkeys(n.stage for n in plan(study).nodes)).rstrip())


@cli.command()
@STUDY
@STORE
@click.option("-o", "--out", type=click.Path(path_type=Path), default=Path(), show_default=True, help="folder for the scripts")
@click.option("--workers", type=click.IntRange(1), default=8, show_default=True, help="size of the job array")
@click.option("--cores", type=click.IntRange(1), default=2, show_default=True, help="cores of each worker")
@click.option("--hours", type=click.IntRange(1), default=4, show_default=True, help="wall time of a worker")
@click.option("--gpus", type=click.IntRange(0), default=0, show_default=True, help="GPUs of each worker")
@click.option("--partition", default="", help="partition to submit to")
def slurm(study: Path, store: Path, out: Path, **cluster: Any) -> None:
    """Write the two batch scripts for a SLURM cluster."""
    from anodefree.cli.console import say
    from anodefree.study.slurm import Cluster, cost, write_scripts

    planned, kept = _open(study, store)
    missing, stored, seconds = cost(planned, kept)
    expected = "unknown: none of these stages has run here" if seconds is None else f"about {seconds:.0f} s of one core"
    say(f"{missing} nodes to run, {stored} stored; cost {expected}")
    for path in write_scripts(planned, kept, Cluster(**cluster), out):
        say(f"sbatch {path}")


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), help="port on 127.0.0.1  [default: 8760, or a free one]")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("~/anodefree"), show_default=True, help="where projects lie"
)
@click.option("--users", default="me", show_default=True, help="names of those who share this server: anna,ben")
@click.option("--no-browser", is_flag=True, help="only print the addresses")
def app(port: int | None, folder: Path, users: str, no_browser: bool) -> None:
    """The laboratory in the browser, on this machine only."""
    from anodefree.app.serve import serve

    serve(folder, port, users.split(","), browser=not no_browser)


@cli.command()
@JSON
def doctor(as_json: bool) -> None:
    """What is installed, which devices, what each extra adds."""
    from anodefree.cli.console import say, say_json, table
    from anodefree.cli.doctor import devices, extras, installed

    if as_json:
        say_json({"installed": dict(installed()), "extras": [e._asdict() for e in extras()], "devices": dict(devices())})
        return
    table(["package", "version"], installed(), "installed")
    say()
    table(["extra", "state", "adds", "install"], extras(), "extras")
    say()
    table(["device", ""], devices(), "devices")


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    For example: eval "$(anodefree completion bash)"
    """
    from click.shell_completion import get_completion_class

    from anodefree.cli.console import say

    made = get_completion_class(shell)
    if made is None:
        raise ConfigError(f"no completion for '{shell}'", hint="bash, zsh or fish")
    say(made(cli, {}, "anodefree", "_ANODEFREE_COMPLETE").source())


def _open(path: Path, store: Path) -> tuple[Study, Store]:
    from anodefree.study.plan import plan
    from anodefree.study.store import Store

    return plan(path), Store(store)


def _head(study: Study) -> dict[str, Any]:
    head = study.head
    return {"title": head.title, "description": head.description, "seed": head.seed, "file": study.path.name}


def _run(study: Study, store: Store, workers: int | None, scheduler: str | None, *, renew: bool) -> dict[str, AnodefreeError]:
    from anodefree.cli.console import complain, progress_bar, say, stoppable
    from anodefree.study.executors import dask, serial
    from anodefree.study.run import forget_stale
    from anodefree.study.run import run as run_study

    if renew:
        forget_stale(study, store)
    executor: Executor = serial if workers is None and scheduler is None else dask(workers, scheduler)
    kept = "run the same command again: what is finished is kept, and the step it was in continues from its checkpoint"
    with stoppable(kept), progress_bar("Running the study") as progress:
        ran = run_study(study, store, executor, progress)
    for error in ran.errors.values():
        complain(error)
    failed = f", {len(ran.errors)} failed" if ran.errors else ""
    say(f"{ran.computed} computed, {ran.cached} from the store{failed}")
    return ran.errors


def _exit(errors: dict[str, AnodefreeError]) -> None:
    if errors:
        sys.exit(next(iter(errors.values())).exit_code)


def _described(stage: Stage) -> dict[str, Any]:
    from anodefree.core.keys import plain

    return {
        "name": stage.name,
        "version": stage.version,
        "title": stage.title,
        "inputs": [{"name": i.name, "kind": i.kind.name, "many": i.many} for i in stage.inputs],
        "gives": stage.kind.name if stage.kind else "result",
        "parameters": [
            {
                "name": p.name,
                "unit": p.unit,
                "type": p.spelled(),
                "required": p.required,
                "default": None if p.required else plain(p.default),
                "doc": p.par.doc,
                "assumed": p.par.assumed,
                "source": p.par.source,
            }
            for p in stage.parameters
        ],
        "cites": list(stage.cites),
    }


def _default(parameter: Any) -> str:
    return "needed" if parameter.required else str(parameter.default)


def _explained(parameter: Any) -> str:
    par = parameter.par
    source = f" (assumed: {par.source})" if par.assumed else f" ({par.source})" if par.source else ""
    return par.doc + source
