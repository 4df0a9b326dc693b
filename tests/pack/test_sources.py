"""What a source may be: patterns, braces, lists, and what is no source at all."""

from __future__ import annotations

import os
import subprocess

import pytest

from fastpass.errors import BadArgument, BadPack
from fastpass.pack import Pack
from fastpass.pack.braces import expand_braces
from fastpass.pack.sources import expand


@pytest.mark.parametrize(
    "text",
    [
        "x-{000..010}.tar", "{0..3}", "{9..11}", "{3..1}", "{a..d}", "{01..10..3}", "{a,b}{1,2}",
        "{a,{1..3},c}x", "no", "{}", "{a}", "a{b", "a}b", "{a,b", "{{a,b}}", "{-1..1}", "{c..a}",
        "p{1..2}q{x,y}r", "{,x}", "{1..x}",
    ],
)  # fmt: skip
def test_braces_as_bash_expands_them(text):
    shell = subprocess.run(["bash", "-c", f"printf '%s\\n' {text}"], capture_output=True, text=True)
    wanted = shell.stdout.split("\n")[:-1]
    if text == "{,x}":
        wanted = ["", "x"]  # printf drops the empty word
    assert expand_braces(text) == wanted


def test_too_many_names():
    for text in ("{0..9999999}", "{0..9999}{0..9999}"):
        with pytest.raises(BadArgument, match="more than 1000000 names"):
            expand_braces(text)


@pytest.fixture
def tars(write_tar, image, tmp_path):
    (tmp_path / "s").mkdir()
    return [write_tar({f"k{i}.jpg": image()}, name=f"s/x-{i:03}.tar") for i in range(4)]


def test_braces_and_patterns(tars, tmp_path, monkeypatch):
    assert expand(f"{tmp_path}/s/x-{{000..003}}.tar") == list(map(str, tars))
    assert expand(f"{tmp_path}/{{s,s}}/x-00[12].tar") == list(map(str, tars[1:3]))
    with pytest.raises(BadPack, match=r"2 of 6 are not there: '.*x-004\.tar', '.*x-005\.tar'"):
        expand(f"{tmp_path}/s/x-{{000..005}}.tar")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert len(expand("~/s/*.tar")) == len(expand("~/s")) == 4
    with Pack([f"{tmp_path}/s/x-00{{0,1}}.tar", tars[3]]) as pack:
        assert pack.sample_keys == ["k0", "k1", "k3"]


def test_names_with_magic_letters_are_taken_as_they_are(write_tar, image, tmp_path):
    for name in ("a[1].tar", "b{1,2}.tar", "c*.tar"):
        write_tar({"k.jpg": image()}, name=name)
        assert expand(tmp_path / name) == [str(tmp_path / name)]


def test_tars_in_capitals(write_tar, image, tmp_path):
    (tmp_path / "s").mkdir()
    write_tar({"k.jpg": image()}, name="s/X.TAR")
    assert Pack(tmp_path / "s").sample_keys == ["k"]


@pytest.mark.parametrize(
    "source",
    [
        [],
        b"\xff\xd8\xff\xe0" * 50000,
        [b"\xff\xd8\xff" * 50000],
        5,
        [5],
        "",
        "a\0b",
        {"a": 1}.values(),
    ],
)
def test_what_is_no_source(source):
    with pytest.raises((BadArgument, BadPack)) as caught:
        Pack(source)
    assert len(str(caught.value)) < 400


def test_a_picture_is_called_by_its_name(tmp_path, image):
    for name, kind, wanted in [
        ("a.jpg", "JPEG", "a JPEG image"),
        ("a.png", "PNG", "a PNG image"),
        ("a.webp", "WEBP", "a WebP image"),
        ("b.gif", "GIF", "a GIF image"),
    ]:
        for size in (4, 100):
            (tmp_path / name).write_bytes(image(size, size, kind))
            with pytest.raises(BadPack, match=f"this is {wanted}, no tar; give the folder"):
                Pack(tmp_path / name)
    (tmp_path / "x.zip").write_bytes(b"PK\3\4" + bytes(600))
    with pytest.raises(BadPack, match="a zip archive, no tar"):
        Pack(tmp_path / "x.zip")
    (tmp_path / "x.fpi").write_bytes(b"\x89FPI\r\n\x1a\n" + bytes(600))
    with pytest.raises(BadPack, match="this is the index of a tar; give the tar"):
        Pack(tmp_path / "x.fpi")
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(BadPack, match="no tar.*wanted a tar or a folder of images"):
        Pack(tmp_path / "x.txt")


def test_folders_and_tars_in_one_list(tars, tmp_path, image):
    (tmp_path / "f").mkdir()
    (tmp_path / "f/photo.jpg").write_bytes(image())
    with Pack([tmp_path / "f", tmp_path / "s"]) as pack:
        assert pack.sample_keys == ["photo", "k0", "k1", "k2", "k3"]
        assert pack.summary == "4 tars and 1 folder (folder): 5 images without labels"


def test_names_that_are_not_utf8(tmp_path, image):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.makedirs(folder)
    with open(folder + b"/\xff.jpg", "wb") as file:
        file.write(image())
    for source in (os.fsdecode(folder), folder, [os.fsdecode(tmp_path) + "/caf*"]):
        assert Pack(source).sample_keys == ["\udcff"]
    with pytest.raises(BadPack) as caught:
        Pack(os.fsdecode(folder) + "/nothing\udcff")
    str(caught.value).encode()  # can be printed


def test_links_in_circles(tmp_path, image):
    (tmp_path / "f").mkdir()
    (tmp_path / "f/a.jpg").write_bytes(image())
    (tmp_path / "f/loop").symlink_to("loop")
    (tmp_path / "f/gone.txt").symlink_to("nowhere")
    with Pack(tmp_path / "f") as pack:
        assert pack.skipped_files == {"link to nothing": 2}
    (tmp_path / "f/up").symlink_to("..")
    with pytest.raises(BadPack, match="a symbolic link to a folder around it"):
        Pack(tmp_path / "f")
