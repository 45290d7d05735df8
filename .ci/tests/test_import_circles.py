""".ci/import_circles.py, on small crates made for it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import import_circles  # noqa: E402

ONE_CIRCLE = {
    "a child that imports its parent's item, and a parent that imports its child's": {
        "lib.rs": "mod store;",
        "store/mod.rs": "mod writer;\nuse writer::Writer;\npub struct Job;\npub fn start() -> Writer { Writer }\n",
        "store/writer.rs": "use super::Job;\npub struct Writer;\n",
    },
    "a re-export of the child is an import": {
        "lib.rs": "mod store;",
        "store/mod.rs": "mod writer;\npub use writer::Writer;\npub struct Job;\n",
        "store/writer.rs": "use crate::store::Job;\npub struct Writer;\n",
    },
    "paths outside of a `use`": {
        "lib.rs": "mod a;\nmod b;\npub fn of_lib() { a::f() }\n",
        "a.rs": "pub fn f() { crate::b::g() }\n",
        "b.rs": "pub fn g() { super::a::f() }\n",
    },
    "three files": {
        "lib.rs": "mod a; mod b; mod c;",
        "a.rs": "use crate::b::B;\npub struct A;\n",
        "b.rs": "use crate::c::{C};\npub struct B;\n",
        "c.rs": "use crate::a::A as Other;\npub struct C;\n",
    },
    "a glob, and a name that came by a glob": {
        "lib.rs": "mod a; mod b;",
        "a.rs": "use crate::b::*;\npub struct A(B);\n",
        "b.rs": "pub struct B;\npub fn f(_: crate::a::A) {}\n",
    },
    "a module that is imported by name": {
        "lib.rs": "mod a; mod b;",
        "a.rs": "use crate::b;\npub fn f() { b::g() }\n",
        "b.rs": "pub fn g() { crate::a::f() }\n",
    },
    "a function that serde is given as a text": {
        "lib.rs": "mod a; mod b;",
        "a.rs": '#[serde(with = "crate::b::text")]\npub struct A;\n',
        "b.rs": "pub mod text {}\nuse crate::a::A;\n",
    },
    "an inline module": {
        "lib.rs": "mod a; mod b;",
        "a.rs": "pub struct A;\nmod inner { use crate::b::B; }\n",
        "b.rs": "use crate::a::A;\npub struct B;\n",
    },
    "a file that an attribute names": {
        "lib.rs": '#[path = "elsewhere.rs"]\nmod a;\nmod b;',
        "elsewhere.rs": "use crate::b::B;\npub struct A;\n",
        "b.rs": "use crate::a::A;\npub struct B;\n",
    },
}

NO_CIRCLE = {
    "an item with the name of its crate": {
        "lib.rs": "mod a; mod b;",
        "a.rs": "use other::other;\npub struct A;\npub fn f() { other(); other::g() }\n",
        "b.rs": "use crate::a::A;\npub struct B(A);\n",
    },
    "a declaration is no import": {
        "lib.rs": "mod store;",
        "store/mod.rs": "mod writer;\npub struct Job;\n",
        "store/writer.rs": "use super::Job;\n",
    },
    "an item counts for the file that defines it, whoever exports it again": {
        "lib.rs": "mod a;\nmod b;\npub use a::A;\npub use b::B;\n",
        "a.rs": "use crate::B;\npub struct A(B);\n",
        "b.rs": "pub struct B;\n",
    },
    "the same through a parent": {
        "lib.rs": "mod store;",
        "store/mod.rs": "mod job;\nmod writer;\npub use job::Job;\npub use writer::Writer;\n",
        "store/job.rs": "pub struct Job;\n",
        "store/writer.rs": "use super::Job;\npub struct Writer(Job);\n",
    },
    "a module beside the test that uses it": {
        "lib.rs": "mod a;",
        "a.rs": "pub fn f() {}\n#[cfg(test)]\nmod tests;\n",
        "a/tests.rs": "use super::*;\n#[test]\nfn works() { f() }\n",
    },
    "comments and texts": {
        "lib.rs": "mod a; mod b;",
        "a.rs": '// crate::b::B\n/* crate::b::B */\n/// [`crate::b::B`]\npub const A: &str = "crate::b::B \\" {";\nconst C: char = \'"\';\n',
        "b.rs": "use crate::a::A;\npub struct B;\n",
    },
    "visibilities": {
        "lib.rs": "mod a; mod b;",
        "a.rs": "pub(in crate::b) struct A;\npub(crate) fn f() {}\n",
        "b.rs": "use crate::a::A;\n",
    },
    "another crate's module of the same name": {
        "lib.rs": "mod time; mod b;",
        "time.rs": "use crate::b::B;\n",
        "b.rs": "use ::std::time::Duration;\npub struct B(Duration);\n",
    },
}


def crate(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return import_circles.check(folder / "lib.rs", folder)


@pytest.mark.parametrize("files", ONE_CIRCLE.values(), ids=ONE_CIRCLE.keys())
def test_a_circle_is_found(tmp_path, files):
    assert len(crate(tmp_path, files)) == 1


@pytest.mark.parametrize("files", NO_CIRCLE.values(), ids=NO_CIRCLE.keys())
def test_no_circle_is_made_up(tmp_path, files):
    assert crate(tmp_path, files) == []


def test_each_circle_is_reported_with_its_lines(tmp_path):
    files = {
        "lib.rs": "mod a; mod b; mod c; mod d;",
        "a.rs": "\nuse crate::b::B;\npub struct A;\n",
        "b.rs": "pub struct B(crate::a::A);\n",
        "c.rs": "use super::d::D;\npub struct C;\n",
        "d.rs": "use super::c::C;\npub struct D;\n",
    }
    assert crate(tmp_path, files) == [
        "  a.rs:2: crate::b::B -> b.rs\n  b.rs:1: crate::a::A -> a.rs",
        "  c.rs:1: super::d::D -> d.rs\n  d.rs:1: super::c::C -> c.rs",
    ]
