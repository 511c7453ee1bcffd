from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.errors import UsageError
from lossmon.eventfile.sources.address import SshAddress, UrlAddress, is_remote, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ssh://h/runs", SshAddress("h", "/runs")),
        (
            "ssh://me@gpu-1.lab.org:2222/home/me/runs/",
            SshAddress("gpu-1.lab.org", "/home/me/runs", "me", 2222),
        ),
        ("ssh://h/~/runs", SshAddress("h", "./runs")),
        ("ssh://me@corp@h/a b;c'd", SshAddress("h", "/a b;c'd", "me@corp")),
        ("ssh://[::1]:22/r", SshAddress("::1", "/r", "", 22)),
        ("SSH://[fe80::1%eth0]/r", SshAddress("fe80::1%eth0", "/r")),
        ("ssh://h//r/./x/../y", SshAddress("h", "/r/y")),
        ("s3://bucket/runs", UrlAddress("s3://bucket/runs")),
        ("simplecache::s3://b/k", UrlAddress("simplecache::s3://b/k")),
    ],
)
def test_address_is_taken_apart(text: str, expected: object) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ssh://-oProxyCommand=id/x", "no host"),
        ("ssh://h$(id)/x", "no host"),
        ("ssh://h;id/x", "no host"),
        ("ssh:///x", "no host"),
        ("ssh://-l@h/x", "no user"),
        ("ssh://a`id`@h/x", "no user"),
        ("ssh://me:secret@h/x", "no password"),
        ("ssh://h:0/x", "port"),
        ("ssh://h:65536/x", "port"),
        ("ssh://h:22x/x", "port"),
        ("ssh://[::1]22/x", "port"),
        ("ssh://h", "names no folder"),
        ("ssh://h/", "names no folder"),
        ("ssh://h/~", "names no folder"),
        ("ssh://h/a\nb", "control character"),
        ("ssh://h/" + "a" * 2000, "longer than"),
    ],
)
def test_address_that_cannot_be_used_says_why(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        parse_address(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["runs/a", "./ssh:/x", "/a://b", "C:/runs", "", "a:b", "9p://x"])
def test_paths_are_no_addresses(text: str) -> None:
    assert not is_remote(text)


@pytest.mark.parametrize("text", ["ssh://me@h:22/r", "ssh://h/~/r", "ssh://[::1]:22/r"])
def test_an_address_is_shown_as_it_is_typed(text: str) -> None:
    assert parse_address(text).shown == text


def test_a_password_in_a_url_is_never_shown() -> None:
    assert parse_address("sftp://me:se:cret@h/x").shown == "sftp://me:***@h/x"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ssh://h/runs/a", ("a",)),
        ("ssh://h/runs/a/lossmon", ("a", "lossmon")),
        ("s3://bucket", ("bucket",)),
        ("memory://", ("memory",)),
    ],
)
def test_a_run_in_the_folder_itself_is_named_as_it_would_be_there(
    text: str, parts: tuple[str, ...]
) -> None:
    assert parse_address(text).parts == parts


@given(st.text(max_size=60))
def test_whatever_is_typed_never_becomes_an_option_of_ssh(rest: str) -> None:
    try:
        address = parse_address(f"ssh://{rest}")
    except UsageError:
        return
    assert isinstance(address, SshAddress)
    assert not address.host.startswith("-")
    assert not address.user.startswith("-")
    assert address.path.startswith(("/", "./"))
    assert parse_address(address.shown) == address


@given(st.text(max_size=60))
def test_an_address_that_cannot_be_used_cannot_speak_to_the_terminal(rest: str) -> None:
    error = refusal(f"ssh://{rest}\x1b[2J\n")
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in error)


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    return str(caught.value)
