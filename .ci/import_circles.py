#!/usr/bin/env python3
"""Finds import circles between the files of a crate.

    .ci/import_circles.py [CRATE...]     all crates of the workspace, or these

A file imports another file when a path in it (in a `use`, or anywhere else in the code) leads to an item that the other file defines. A path that
leads through a re-export counts for the file that defines the item. A re-export is an import, too: `pub use child::Item` makes the parent import
the child. `mod child;` alone imports nothing. Comments and texts are not read, except paths that serde takes as texts (`with = "..."`).

Limits: a macro's result is not read, and a method call names no file. Both can hide an import; neither can report a wrong one.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

WORD = r"(?:r#)?[A-Za-z_]\w*"
COMMENT_OR_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\(?:u\{[^}]*\}|x..|.)|[^\'\\\n])\'', re.DOTALL
)
SERDE_PATH = re.compile(rf'\b(?:with|default|serialize_with|deserialize_with|skip_serializing_if)\s*=\s*"({WORD}(?:::{WORD})*)"')
MODULE = re.compile(rf"\bmod\s+({WORD})\s*([;{{])")
PATH_ATTRIBUTE = re.compile(r'#\[path\s*=\s*"([^"]+)"\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?$')
DEFINITION = re.compile(rf"\b(?:fn|struct|enum|union|trait|type|const|static|macro_rules!)\s+(?:mut\s+)?({WORD})")
USE = re.compile(r"\b(?:pub\s+)?use\s+([^;]+);")
VISIBILITY = re.compile(r"\bpub\s*\(\s*(?:in\s+[\w:\s]+|crate|super|self)\s*\)")
PATH = re.compile(rf"(?<![\w:])({WORD}(?:\s*::\s*{WORD})+)")


@dataclass
class Module:
    """A module: where it stands, what it defines, and what it names."""

    file: Path
    parent: "Module | None"
    name: str
    children: dict[str, "Module"] = field(default_factory=dict)
    items: set[str] = field(default_factory=set)
    # The bindings of `use`: a name, and the path that it stands for, in this module's own terms.
    bindings: dict[str, list[str]] = field(default_factory=dict)
    globs: list[list[str]] = field(default_factory=list)
    # Every path of the module, with its line.
    paths: list[tuple[list[str], int]] = field(default_factory=list)

    @property
    def root(self) -> "Module":
        return self.parent.root if self.parent else self


def blank(text: str) -> str:
    """The text without comments and strings, each line where it was."""
    return COMMENT_OR_TEXT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def closing(text: str, opening: int) -> int:
    """The position of the brace that closes the one at `opening`."""
    depth = 0
    for position in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    raise ValueError("a brace is not closed")


def use_tree(text: str, prefix: list[str]) -> list[tuple[list[str], str]]:
    """The leaves of a `use`: a path, and the name that it is bound to (`*` for a glob)."""
    text = text.strip()
    if "{" in text:
        head, _, rest = text.partition("{")
        prefix = prefix + [one.strip() for one in head.split("::") if one.strip()]
        leaves, depth, start = [], 0, 0
        inner = rest[: rest.rindex("}")]
        for position, character in enumerate(inner + ","):
            depth += {"{": 1, "}": -1}.get(character, 0)
            if character == "," and depth == 0:
                if inner[start:position].strip():
                    leaves += use_tree(inner[start:position], prefix)
                start = position + 1
        return leaves
    path, _, alias = (part.strip() for part in re.sub(r"\s+as\s+", "@", text).partition("@"))
    segments = prefix + [one.strip() for one in path.split("::") if one.strip()]
    if segments[-1] == "self" and len(segments) > 1:
        segments = segments[:-1]
    return [(segments, alias or segments[-1])]


def read(file: Path, parent: Module | None, name: str, folder: Path) -> Module:
    """The module in a file, with its children. `folder` is where the files of its children are."""
    module = Module(file, parent, name)
    source = file.read_text()
    serde = [(match[1].split("::"), match.start()) for match in SERDE_PATH.finditer(source)]
    code = VISIBILITY.sub(lambda match: "pub" + re.sub(r"[^\n]", " ", match[0][3:]), blank(source))
    read_body(module, code, source, 0, len(code), folder)
    module.paths += [(path, source.count("\n", 0, at) + 1) for path, at in serde if len(path) > 1]
    return module


def read_body(module: Module, code: str, source: str, start: int, end: int, folder: Path) -> None:
    """Reads a part of a file into the module that it is the body of."""
    own, position = [], start
    while match := MODULE.search(code, position, end):
        child, before = match[1], source[start : match.start()]
        if match[2] == ";":
            own.append((position, match.end()))
            position = match.end()
            given = PATH_ATTRIBUTE.search(before)
            candidates = [module.file.parent / given[1]] if given else [folder / f"{child}.rs", folder / child / "mod.rs"]
            file = next((one for one in candidates if one.is_file()), None)
            if file:
                inside = file.parent if file.name == "mod.rs" else file.parent / child
                module.children[child] = read(file, module, child, inside)
        else:
            close = closing(code, match.end() - 1)
            own.append((position, match.start()))
            inline = module.children.setdefault(child, Module(module.file, module, child))
            read_body(inline, code, source, match.end(), close, folder / child)
            position = close + 1
    own.append((position, end))
    for left, right in own:
        read_part(module, code, left, right)


def read_part(module: Module, code: str, left: int, right: int) -> None:
    part = code[left:right]
    line = code.count("\n", 0, left) + 1
    module.items |= set(DEFINITION.findall(part))
    for match in USE.finditer(part):
        for path, name in use_tree(match[1], []):
            if path[-1] == "*":
                module.globs.append(path[:-1])
                path = path[:-1]
            elif len(path) > 1 or path[0] != name:
                module.bindings.setdefault(name, path)
            module.paths.append((path, line + part.count("\n", 0, match.start())))
    part = USE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), part)
    for match in PATH.finditer(part):
        path = [one.strip() for one in match[1].split("::")]
        module.paths.append((path, line + part.count("\n", 0, match.start())))


def resolve(module: Module, path: list[str], seen: frozenset = frozenset()) -> Module | None:
    """The module that defines what a path of `module` leads to; None if that is in another crate."""
    if (id(module), tuple(path)) in seen:
        return None
    seen |= {(id(module), tuple(path))}
    first, rest = path[0], path[1:]
    if first == "crate":
        return inside(module.root, rest, seen)
    if first == "self":
        return inside(module, rest, seen)
    if first == "super":
        return inside(module.parent, rest, seen) if module.parent else None
    if first in module.children:
        return inside(module.children[first], rest, seen)
    if first in module.items:
        return module
    # `use name::name` binds a name to a path that begins with it: another crate.
    if first in module.bindings and module.bindings[first][0] != first:
        return resolve(module, module.bindings[first] + rest, seen)
    for glob in module.globs:
        # A name that came by a glob: only the modules of this crate can tell.
        target = resolve(module, glob, seen)
        if target and target is not module and has(target, first, seen):
            return inside(target, path, seen)
    return None


def has(module: Module, name: str, seen: frozenset) -> bool:
    if name in module.items or name in module.children or name in module.bindings:
        return True
    targets = [resolve(module, glob, seen) for glob in module.globs]
    return any(has(target, name, seen) for target in targets if target and target is not module)


def inside(module: Module, path: list[str], seen: frozenset) -> Module | None:
    """The module that a path leads to, from inside a module."""
    if not path:
        return module
    if path[0] == "super":
        return inside(module.parent, path[1:], seen) if module.parent else None
    if path[0] in module.children:
        return inside(module.children[path[0]], path[1:], seen)
    if path[0] in module.items:
        return module
    return resolve(module, path, seen) or module


def modules(module: Module):
    yield module
    for child in module.children.values():
        yield from modules(child)


def imports(root: Module) -> dict[Path, dict[Path, tuple[int, str]]]:
    """Which file imports which, with a line that does and the path in it."""
    graph: dict[Path, dict[Path, tuple[int, str]]] = {}
    for module in modules(root):
        arrows = graph.setdefault(module.file, {})
        used_as_prefix = {path[0] for path, _ in module.paths if len(path) > 1}
        for path, line in module.paths:
            target = resolve(module, path)
            # The name of a module alone decides nothing: the paths that begin with it do.
            names_a_module = target is not None and target.name == path[-1] and target.parent is not None
            if names_a_module and path[-1] in used_as_prefix and len(path) > 1:
                continue
            if target and target.file != module.file:
                arrows.setdefault(target.file, (line, "::".join(path)))
    return graph


def circles(graph: dict[Path, dict[Path, tuple[int, str]]]) -> list[list[Path]]:
    """A shortest circle through each group of files that import each other."""
    reach = {file: reachable(graph, file) for file in graph}
    found, done = [], set()
    for file in sorted(graph):
        group = {other for other in reach[file] if file in reach.get(other, set())}
        if file in done or file not in reach[file]:
            continue
        done |= group
        found.append(min((circle(graph, one) for one in sorted(group)), key=len))
    return found


def reachable(graph, start) -> set[Path]:
    seen, stack = set(), list(graph.get(start, {}))
    while stack:
        file = stack.pop()
        if file not in seen:
            seen.add(file)
            stack += graph.get(file, {})
    return seen


def circle(graph, start) -> list[Path]:
    """The shortest way from a file back to itself."""
    ways = [[start]]
    seen = set()
    for way in ways:
        for file in sorted(graph.get(way[-1], {})):
            if file == start:
                return way
            if file not in seen:
                seen.add(file)
                ways.append([*way, file])
    raise ValueError("no circle")


def report(root: Path, graph) -> list[str]:
    """One text for each circle: which file imports which, and where."""
    texts = []
    for files in circles(graph):
        lines = []
        for file, target in zip(files, [*files[1:], files[0]], strict=True):
            line, path = graph[file][target]
            lines.append(f"  {file.relative_to(root)}:{line}: {path} -> {target.relative_to(root)}")
        texts.append("\n".join(lines))
    return texts


def check(source: Path, root: Path) -> list[str]:
    """The circles of one target of a crate, from its root file."""
    return report(root, imports(read(source, None, "crate", source.parent)))


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    packages = json.loads(subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True).stdout)["packages"]
    wanted = sys.argv[1:]
    unknown = set(wanted) - {package["name"] for package in packages}
    if unknown:
        print(f"no such crate: {', '.join(sorted(unknown))}")
        return 2
    files = count = 0
    for package in packages:
        if wanted and package["name"] not in wanted:
            continue
        for target in package["targets"]:
            source = Path(target["src_path"])
            files += len({module.file for module in modules(read(source, None, "crate", source.parent))})
            for text in check(source, root):
                count += 1
                print(f"circle in {package['name']} ({target['kind'][0]} {target['name']}):\n{text}")
    print(f"{files} files, {count} import circles")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
