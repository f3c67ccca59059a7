"""Checks that keys and candidates' data stand in no repr, error, log or observer's event."""

from __future__ import annotations

import contextlib
import logging
import pickle
import re
import traceback
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from interviewkit.errors import InterviewKitError
from interviewkit.http.observe import Attempt, AttemptResult, Observer
from interviewkit.http.retry import RetryPolicy
from interviewkit.testing.backend import Backend
from interviewkit.testing.json_parts import parse, parts
from interviewkit.testing.operations import Operation
from interviewkit.testing.stage import Scene, Stage
from interviewkit.testing.tap import Fault
from interviewkit.testing.walk import objects

_MAILBOX = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_FORMATTER = logging.Formatter("%(name)s %(message)s")


def secrets_of(backend: Backend) -> set[str]:
    """What must never be shown: the key, the candidate's mailbox, and what else the backend names."""
    plain = {*backend.credentials, *backend.secrets, *({backend.candidate.email} - {None})}
    return {form for text in plain if text for form in (text, quote(text, safe=""))}


def _personal(scene: Scene) -> set[str]:
    """Mailboxes and URL queries in the answers so far."""
    texts = [
        part
        for _sent, answer in scene.tap.answers
        for _where, part in parts(parse(answer.body))
        if isinstance(part, str) and len(part) < 500
    ]
    found = {mailbox for text in texts for mailbox in _MAILBOX.findall(text)}
    for text in texts:
        if text.startswith(("http://", "https://")):
            with contextlib.suppress(ValueError):
                found.add(urlsplit(text).query)
    return {text for text in found if len(text) > 3}


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(_FORMATTER.format(record) + repr(record.args))


@contextlib.contextmanager
def listening() -> Iterator[list[str]]:
    """Everything that anyone logs meanwhile, with its arguments and tracebacks."""
    ear, root = _Ear(), logging.getLogger()
    loggers = [root, *(one for one in logging.Logger.manager.loggerDict.values() if isinstance(one, logging.Logger))]
    levels = [(one, one.level) for one in loggers]
    root.addHandler(ear)
    for one in loggers:
        one.setLevel(logging.DEBUG)
    try:
        yield ear.heard
    finally:
        root.removeHandler(ear)
        for one, level in levels:
            one.setLevel(level)


class _Witness(Observer):
    def __init__(self) -> None:
        self.requests: list[Attempt] = []
        self.responses: list[AttemptResult] = []

    def on_request(self, attempt: Attempt) -> None:
        self.requests.append(attempt)

    def on_response(self, result: AttemptResult) -> None:
        self.responses.append(result)


class Privacy(Stage):
    """Nothing that opens a door or names a person is shown."""

    async def test_no_repr_shows_a_secret_or_a_mailbox(self) -> None:
        async with self.scene() as scene:
            shown = [repr(scene.provider)]
            for operation in scene.operations:
                shown += [repr(found) for found in objects(await scene.run(operation))]
            for secret in {*secrets_of(scene.backend), *_personal(scene)}:
                for text in shown:
                    assert secret not in text, f"a repr shows {secret[:2]}…: {text[:40]}…"

    async def test_no_error_shows_a_secret_or_a_mailbox(self) -> None:
        async with self.scene(retry=RetryPolicy(attempts=1)) as scene:
            secrets = secrets_of(scene.backend)
            body = ('{"detail": ["' + '", "'.join(sorted(secrets)) + '"]}').encode()
            statuses = (200, 400, 401, 404, 409, 422, 429, 500)
            faults = [Fault(kind="status", status=status, body=body) for status in statuses]
            faults += [Fault(kind=kind) for kind in ("refused", "reset", "truncated", "redirect", "garbage")]
            for operation in scene.operations:
                for fault in faults:
                    scene.tap.fail(fault)
                    await self._hush(scene, operation, secrets)
                    scene.clock.now += 60
                    scene.calm()

    @staticmethod
    async def _hush(scene: Scene, operation: Operation, secrets: set[str]) -> None:
        error = await scene.outcome(operation)
        if error is None:
            return
        copied = pickle.loads(pickle.dumps(error))  # noqa: S301
        shown = [str(error), repr(error), repr(error.args), str(error.hint), str(copied), repr(copied), *_texts(error)]
        for secret in secrets:
            for text in shown:
                assert secret not in text, f"{operation.name}: {type(error).__name__} shows {secret[:2]}…"
        assert str(copied) == str(error), "an error changes when it is pickled"
        assert type(copied) is type(error)

    async def test_no_log_shows_a_secret_or_a_mailbox(self) -> None:
        with listening() as heard:
            async with self.scene() as scene:
                for operation in scene.operations:
                    for fault in (None, Fault(kind="status", status=503), Fault(kind="reset"), Fault(kind="garbage")):
                        if fault is not None:
                            scene.tap.fail(fault, times=1)
                        with contextlib.suppress(InterviewKitError):
                            await scene.run(operation)
                        scene.tap.calm()
                secrets = {*secrets_of(scene.backend), *_personal(scene)}
            for secret in secrets:
                for text in heard:
                    assert secret not in text, f"a log shows {secret[:2]}…"

    async def test_observers_hear_of_every_attempt_and_learn_no_secret(self) -> None:
        witness = _Witness()
        async with self.scene(observers=[witness]) as scene:
            for operation in scene.operations:
                scene.tap.fail(Fault(kind="status", status=503), times=1)
                with contextlib.suppress(InterviewKitError):
                    await scene.run(operation)
                scene.tap.calm()
            assert len(witness.requests) == len(witness.responses) == len(scene.tap.sent), "an attempt went unobserved"
            assert {one.provider for one in witness.requests} == {scene.provider.name}
            assert max(one.number for one in witness.requests) > 1, "attempts are not numbered"
            shown = repr(witness.requests) + repr(witness.responses)
            ids = {scene.backend.finished.id, scene.backend.unfinished.id}
            for secret in {*secrets_of(scene.backend), *_personal(scene), *ids}:
                assert secret not in shown, f"observers are told {secret[:2]}…"


def _texts(error: BaseException) -> list[str]:
    """What a traceback of the error prints, without the source lines of the check itself."""
    found = traceback.TracebackException.from_exception(error)
    texts: list[str] = []
    todo: list[traceback.TracebackException | None] = [found]
    while todo:
        one = todo.pop()
        if one is not None:
            texts += list(one.format_exception_only())
            todo += [one.__cause__, one.__context__]
    return texts
