"""Member offsets against Python's tarfile; damaged and odd tars are refused by name."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from fastpass.errors import BadPack, ReadFailed
from fastpass.pack import Pack

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def contents(path: Path) -> dict[str, bytes]:
    with Pack(path) as pack:
        return {sample.key: bytes(sample.data) for sample in pack}


def contents_by_tarfile(path: Path) -> dict[str, bytes]:
    with tarfile.open(path, errors="surrogateescape") as tar:
        return {
            member.name.removeprefix("./").rpartition(".")[0]: tar.extractfile(member).read()
            for member in tar
            if member.isfile()
        }


@pytest.mark.parametrize("format", FORMATS)
def test_agrees_with_tarfile(write_tar, image, format):
    members = {f"{'deep/' * i}photo_{i}.jpg": image(8 + i, 8) + b"x" * i for i in range(40)}
    path = write_tar(members, format=format)
    assert contents(path) == contents_by_tarfile(path)
    assert len(contents(path)) == 40


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("length", [99, 100, 101, 155, 156, 255, 256, 257, 511, 512, 513, 4000])
def test_long_names(write_tar, image, format, length):
    name = ("folder_" * 1000)[: length - 6] + "/p.jpg"
    path = write_tar({name: image(), "short.jpg": image(9)}, format=format)
    assert contents(path) == contents_by_tarfile(path)
    assert max(map(len, contents(path))) == len(name) - 4


@pytest.mark.parametrize("length", [101, 150, 200])
def test_ustar_prefix(write_tar, image, length):
    name = "a" * (length - 50) + "/" + "b" * 45 + ".jpg"
    path = write_tar({name: image()}, format=tarfile.USTAR_FORMAT)
    assert list(contents(path)) == [name[:-4]]


@pytest.mark.parametrize("format", FORMATS)
def test_names_that_are_not_utf8(write_tar, image, format):
    name = b"caf\xe9/\xff.jpg".decode("utf-8", "surrogateescape")
    path = write_tar({name: image(), "stra\u00dfe/\u732b.jpg": image(9)}, format=format)
    assert contents(path) == contents_by_tarfile(path)


def test_system_tar_with_dot_prefix(tmp_path, image):
    (tmp_path / "in/cat").mkdir(parents=True)
    (tmp_path / "in/cat/1.jpg").write_bytes(image())
    subprocess.run(["tar", "-cf", tmp_path / "x.tar", "-C", tmp_path / "in", "."], check=True)
    with Pack(tmp_path / "x.tar") as pack:
        assert [sample.key for sample in pack] == ["cat/1"]
        assert pack.class_names == ["cat"]


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_beyond_eight_gibibytes(tmp_path, image, format):
    """Base-256 and pax sizes, and offsets above 2^33, in a file that is mostly a hole."""
    big = tarfile.TarInfo("big.bin")
    big.size = 9 << 30
    small = tarfile.TarInfo("photo.jpg")
    small.size = len(image())
    with (tmp_path / "x.tar").open("wb") as file:
        headers = big.tobuf(format, "utf-8", "surrogateescape")
        file.write(headers)
        file.seek(len(headers) + big.size)
        file.write(small.tobuf(format, "utf-8", "surrogateescape"))
        file.write(image().ljust(-len(image()) % 512 + len(image()), b"\0") + bytes(1024))
    assert contents(tmp_path / "x.tar") == {"photo": image()}


def test_every_truncation_is_noticed(write_tar, image, tmp_path):
    path = write_tar({"a.jpg": image(), "b.jpg": image(20, 20), "c/d.jpg": image()})
    whole = path.read_bytes()
    with tarfile.open(path) as tar:
        end = max(member.offset_data + (member.size + 511) // 512 * 512 for member in tar)
    cut = tmp_path / "cut.tar"
    lengths = {*range(0, end + 512, 37), *range(0, end + 512, 512), end - 1, end, end + 511}
    for length in sorted(lengths):
        cut.write_bytes(whole[:length])
        with pytest.raises(BadPack, match=r"cut\.tar"):
            Pack(cut)
    cut.write_bytes(whole[: end + 512])  # one zero block: whole
    assert len(Pack(cut)) == 3


def test_truncation_names_member_and_offset(write_tar, image):
    path = write_tar({"a.jpg": image(), "second.jpg": image()})
    with tarfile.open(path) as tar:
        second = tar.getmembers()[1]
    os.truncate(path, second.offset_data + 10)
    with pytest.raises(BadPack, match=r"member 'second\.jpg'") as caught:
        Pack(path)
    assert caught.value.byte_offset == second.offset


def test_every_flipped_header_bit_is_noticed_or_harmless(write_tar, image):
    path = write_tar({"a.jpg": image(), "b.jpg": image()})
    whole, wanted = path.read_bytes(), contents(path)
    with path.open("r+b", buffering=0) as file:
        for at in range(512):
            for bit in range(8):
                os.pwrite(file.fileno(), bytes([whole[at] ^ 1 << bit]), at)
                try:
                    assert contents(path) == wanted  # padding of the checksum field itself
                except BadPack:
                    continue
                assert 148 <= at < 156
            os.pwrite(file.fileno(), whole[at : at + 1], at)


def test_wrong_checksum_of_a_later_header(write_tar, image):
    path = write_tar({"first.jpg": image(), "b.jpg": image()})
    with tarfile.open(path) as tar:
        offset = tar.getmembers()[1].offset
    damaged = bytearray(path.read_bytes())
    damaged[offset + 3] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(
        BadPack, match=r"checksum in the header after member 'first\.jpg'"
    ) as caught:
        Pack(path)
    assert caught.value.byte_offset == offset


def with_header(change: dict[int, bytes]) -> bytes:
    """A tar of one member whose header is changed, with the right checksum again."""
    header = bytearray(tarfile.TarInfo("a.jpg").tobuf(tarfile.USTAR_FORMAT))
    for offset, what in change.items():
        header[offset : offset + len(what)] = what
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(2048)


SIZE, TYPE = 124, 156  # offsets in the header


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({SIZE: b"77777777777\0"}, "truncated: member 'a.jpg'"),
        ({SIZE: b"\x80" + b"\x7f" * 11}, "unreadable size"),
        ({SIZE: b"\x80\0\0\0\x3f" + b"\xff" * 7}, "truncated: member 'a.jpg'"),
        ({SIZE: b"\xff" * 12}, "unreadable size"),  # -1
        ({SIZE: b"not a numbe\0"}, "unreadable size"),
        ({TYPE: b"L", SIZE: b"77777777777\0"}, "more than any real one has"),
        ({TYPE: b"x", SIZE: b"00003777777\0"}, "more than the file has"),
        ({TYPE: b"x", SIZE: b"00000000010\0"}, "no end-of-archive|malformed|no image"),
        ({TYPE: b"S"}, "sparse"),
        ({TYPE: b"M"}, "unknown type 'M'"),
        ({TYPE: b"1"}, "is a link"),
        ({TYPE: b"2"}, "is a link"),
        ({TYPE: b"5"}, "no image"),
    ],
)
def test_hostile_headers(tmp_path, header, message):
    (tmp_path / "x.tar").write_bytes(with_header(header))
    with pytest.raises(BadPack, match=message):
        Pack(tmp_path / "x.tar")


@pytest.mark.parametrize(
    "payload",
    [b"nonsense", b"99 path=a\n", b"3 =\n", b"0 a=b\n", b"9 path=a.jpg", b"11 pathhhhh\n"],
)
def test_malformed_pax_records(tmp_path, payload):
    header = tarfile.TarInfo("pax")
    header.type, header.size = b"x", len(payload)
    data = header.tobuf(tarfile.USTAR_FORMAT) + payload.ljust(512, b"\0") + with_header({})
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(BadPack, match="malformed pax"):
        Pack(tmp_path / "x.tar")


def test_global_pax_header_of_git_archive(tmp_path, image):
    with tarfile.open(tmp_path / "x.tar", "w", pax_headers={"comment": "a commit id"}) as tar:
        header = tarfile.TarInfo("a.jpg")
        header.size = len(image())
        tar.addfile(header, io.BytesIO(image()))
    assert contents(tmp_path / "x.tar") == {"a": image()}


def test_pax_sparse_member(write_tar, image, tmp_path):
    header = tarfile.TarInfo("a.jpg")
    header.size = len(image())
    header.pax_headers = {"GNU.sparse.major": "1"}
    with (tmp_path / "x.tar").open("wb") as file:
        file.write(header.tobuf(tarfile.PAX_FORMAT) + image().ljust(2048, b"\0") + bytes(1024))
    with pytest.raises(BadPack, match="sparse"):
        Pack(tmp_path / "x.tar")


def test_joined_tars_are_refused(write_tar, image):
    first, second = write_tar({"a.jpg": image()}), write_tar({"b.jpg": image()}, name="y.tar")
    first.write_bytes(first.read_bytes() + second.read_bytes())
    with pytest.raises(BadPack, match="behind the end-of-archive mark"):
        Pack(first)


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_compressed_tars_are_refused(tmp_path, image, mode):
    with tarfile.open(tmp_path / "x.tar", mode) as tar:
        header = tarfile.TarInfo("a.jpg")
        header.size = 1000
        tar.addfile(header, io.BytesIO(os.urandom(1000)))
    with pytest.raises(BadPack, match="compressed" if mode == "w:gz" else r"no tar|truncated"):
        Pack(tmp_path / "x.tar")


def test_other_things_are_no_tars(tmp_path):
    (tmp_path / "x.tar").write_bytes(b"")
    with pytest.raises(BadPack, match="empty"):
        Pack(tmp_path / "x.tar")
    (tmp_path / "x.tar").write_bytes(os.urandom(5000))
    with pytest.raises(BadPack, match="no tar"):
        Pack(tmp_path / "x.tar")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReadFailed, match="no regular file"):
        Pack(tmp_path / "pipe")
