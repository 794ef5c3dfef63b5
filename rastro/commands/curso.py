"""O curso (docs/pt-BR/curso): confere o que cada laboratório deixou, e quebra o que o laboratório 8 conserta."""

import argparse
import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path

from rastro.course import alarms, faults
from rastro.course.checks import CHECKS
from rastro.course.lab_stack import LabStack
from rastro.course.raw_stream import visitor_of
from rastro.local import info
from rastro.terminal.errors import Problem
from rastro.terminal.tables import table

PATIENCE_SECONDS = 60.0
HELP = "o curso em português: confere um laboratório, provoca alarmes"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The parts of `rastro curso`."""
    parser.add_argument(
        "--home", type=Path, default=Path(".rastro"), metavar="DIR", help="a pasta do stack (%(default)s)"
    )
    what = parser.add_subparsers(dest="what", metavar="O QUÊ")
    check = what.add_parser("verificar", help="confere o que um laboratório deixou")
    check.add_argument("lab", type=int, metavar="N")
    check.add_argument("answer", nargs="?", default="", metavar="RESPOSTA", help="à pergunta do laboratório")
    what.add_parser("ambiente", help="endereços e chave do stack, para: eval")
    load = what.add_parser("carga", help="posta a visita de muitas pessoas, sempre as mesmas")
    load.add_argument("--events", type=int, default=400, metavar="N", help="eventos (%(default)s)")
    provoke = what.add_parser("provocar", help="quebra o que um alarme vigia")
    provoke.add_argument("alarm", metavar="ALARME", help=", ".join(faults.FAULTS))
    look = what.add_parser("alarmes", help="o estado dos alarmes que se provocam aqui")
    look.add_argument("--esperar", nargs="+", default=[], metavar="ALARME=ESTADO", help="até que seja assim")
    look.add_argument("--por", type=float, default=120.0, metavar="SEGUNDOS", help="no máximo (%(default)g)")
    seen = what.add_parser("visitante", help="quem abriu uma página, pelo endereço: o último a chegar")
    seen.add_argument("page", metavar="TRECHO")
    what.add_parser("religar", help="religa o ticker: o que na AWS é ligar o agendamento")
    what.add_parser("desastre", help="apaga a landing e as tabelas deste stack (laboratório 9)")
    what.add_parser("daemon", help="o número do processo do daemon do KCL")
    sites = what.add_parser("sites", help="implanta um documento de sites")
    sites.add_argument("file", type=Path, metavar="ARQUIVO")


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 as it should be, 1 a check found something missing, 2 it could not run."""
    lab_stack = LabStack(args.home, Path.cwd(), getattr(args, "answer", ""))
    if args.what is None:
        return _list(lab_stack)
    if args.what == "verificar":
        return _check(lab_stack, args.lab)
    if args.what == "alarmes":
        return _alarms(lab_stack, args.esperar, args.por)
    print(_SAYS[args.what](lab_stack, args))
    return 0


def _load(lab_stack: LabStack, args: argparse.Namespace) -> str:
    from rastro.course.load import post  # noqa: PLC0415 - the load is slow to import

    return post(lab_stack.facts, args.events, int(time.time() * 1000))


def _ticker(lab_stack: LabStack, args: argparse.Namespace) -> str:
    faults.start_ticker(lab_stack)
    return "o ticker está no ar"


def _sites(lab_stack: LabStack, args: argparse.Namespace) -> str:
    faults.put_sites(lab_stack, args.file)
    return f"{args.file} está implantado; o ingest o relê em até 75 s"


_SAYS: dict[str, Callable[[LabStack, argparse.Namespace], str]] = {
    "ambiente": lambda lab_stack, _: _environment(lab_stack.facts),
    "carga": _load,
    "provocar": lambda lab_stack, args: faults.provoke(lab_stack, args.alarm),
    "visitante": lambda lab_stack, args: _visitor(lab_stack, args.page),
    "religar": _ticker,
    "desastre": lambda lab_stack, _: faults.lose_the_lake(lab_stack),
    "daemon": lambda lab_stack, _: str(faults.daemon_of(lab_stack)),
    "sites": _sites,
}


def _list(lab_stack: LabStack) -> int:
    done = _done(lab_stack)
    for number, (title, _) in CHECKS.items():
        print(f"{'feito' if number in done else '     '} {number:>3}  {title}")
    print("\nconferir um: rastro curso verificar N")
    return 0


def _check(lab_stack: LabStack, number: int) -> int:
    if number not in CHECKS:
        raise Problem(f"não há laboratório {number}; há de 1 a {max(CHECKS)}")
    title, check = CHECKS[number]
    good = True
    for finding in check(lab_stack):
        print(f"{'ok   ' if finding.good else 'falta'} {finding.what}")
        if not finding.good:
            print(f"      {finding.hint}")
        good = good and finding.good
    if good:
        _note(lab_stack, number)
        print(f"laboratório {number}, {title}: feito")
    return 0 if good else 1


def _visitor(lab_stack: LabStack, page: str) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := visitor_of(lab_stack, page)) is None:
        if time.monotonic() > deadline:
            raise Problem(
                f"ninguém abriu uma página com {page!r} no endereço; o console do navegador diz por quê"
            )
        time.sleep(1)
    return found


def _environment(facts: info.LocalStackInfo) -> str:
    values = {
        "API": facts.api_url,
        "CHAVE": facts.site_key,
        "LOJA": facts.shop_url,
        "CONSOLE": facts.console_url,
        "AWS": facts.aws_endpoint,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())


def _alarms(lab_stack: LabStack, wanted: list[str], patience: float) -> int:
    wishes: dict[str, str] = {}
    for wish in wanted:
        name, _, state = wish.partition("=")
        if name not in alarms.PROVOKED or state not in {"ALARM", "OK"}:
            raise Problem(f"{wish!r}: escreva ALARME=ALARM ou ALARME=OK; há {', '.join(alarms.PROVOKED)}")
        wishes[name] = state
    found = (
        alarms.wait_for(lab_stack, wishes, patience, lambda _: None) if wishes else alarms.states(lab_stack)
    )
    meanings = alarms.meanings()
    print(table([{"alarme": one.alarm, "estado": one.state, "por quê": one.why} for one in found]), end="")
    for one in found:
        if one.state == "ALARM":
            print(f"{one.alarm}: {meanings[one.alarm]}\n  o que fazer: docs/pt-BR/operacao.md#{one.alarm}")
    return 0 if all(wishes.get(one.alarm, one.state) == one.state for one in found) else 1


def _done(lab_stack: LabStack) -> set[int]:
    path = lab_stack.home / "course.done.json"
    return set(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else set()


def _note(lab_stack: LabStack, number: int) -> None:
    path = lab_stack.home / "course.done.json"
    path.write_text(json.dumps(sorted(_done(lab_stack) | {number})), encoding="utf-8")
