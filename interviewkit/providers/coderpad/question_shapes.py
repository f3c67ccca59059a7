"""CoderPad's questions and their variants as classes; sources and rules are those of `shapes`."""

from __future__ import annotations

from typing import Any

import attrs

from interviewkit.providers.coderpad.shapes import Id


@attrs.frozen(kw_only=True)
class CandidateInstruction:
    """A text that the candidate sees beside the question; `default_visible` shows it from the start."""

    instructions: str | None = None
    default_visible: bool | None = None


@attrs.frozen(kw_only=True)
class CustomFile:
    """A file that comes with a question; `filesize` is text such as `6.11 KB`."""

    id: Id | None = None
    title: str | None = None
    description: str | None = None
    filename: str | None = None
    filesize: str | None = None


@attrs.frozen(kw_only=True)
class QuestionTestCase:
    """A test case of a question: arguments and expected return value as source text."""

    id: Id | None = None
    return_value: str | None = None
    visible: bool | None = None
    arguments: tuple[str | None, ...] | None = None


@attrs.frozen(kw_only=True)
class QuestionFile:
    """A file of a question or of a variant."""

    path: str | None = None
    contents: str | None = attrs.field(default=None, repr=False)
    hidden: bool | None = None
    deleted: bool | None = None


@attrs.frozen(kw_only=True)
class Question:
    """A question, from which pads are made. `candidate_description` is the older form of `candidate_instructions`."""

    id: Id
    title: str | None = None
    owner_email: str | None = attrs.field(default=None, repr=False)
    author_name: str | None = attrs.field(default=None, repr=False)
    organization_name: str | None = None
    language: str | None = None
    description: str | None = attrs.field(default=None, repr=False)
    contents: str | None = attrs.field(default=None, repr=False)
    solution: str | None = attrs.field(default=None, repr=False)
    candidate_description: str | None = attrs.field(default=None, repr=False)
    candidate_instructions: tuple[CandidateInstruction, ...] | None = attrs.field(default=None, repr=False)
    ai_assist_custom_system_prompt: str | None = attrs.field(default=None, repr=False)
    shared: bool | None = None
    used: int | None = None
    take_home: bool | None = None
    pad_type: str | None = None
    is_draft: bool | None = None
    test_cases_enabled: bool | None = None
    test_cases: tuple[QuestionTestCase, ...] | None = attrs.field(default=None, repr=False)
    contents_for_test_cases: str | None = attrs.field(default=None, repr=False)
    custom_files: tuple[CustomFile, ...] | None = None
    file_contents: tuple[QuestionFile, ...] | None = attrs.field(default=None, repr=False)
    public_take_home_setting_id: Id | None = None
    custom_database: Any = attrs.field(default=None, repr=False)
    question_variants: Any = attrs.field(default=None, repr=False)
    created_at: str | None = None
    updated_at: str | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class QuestionVariant:
    """A question in another language, or as a project (`project_template_slug`)."""

    id: Id
    question_id: Id | None = None
    language: str | None = None
    project_template_id: Id | None = None
    project_template_slug: str | None = None
    display: str | None = None
    contents: str | None = attrs.field(default=None, repr=False)
    file_contents: tuple[QuestionFile, ...] | None = attrs.field(default=None, repr=False)
    solution: str | None = attrs.field(default=None, repr=False)
    created_at: str | None = None
    updated_at: str | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)
