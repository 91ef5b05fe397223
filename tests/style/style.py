"""style: the rules of how the tree reads, held as tests. One check, one line of TAP.

usage: style.py [check]…        from anywhere in the tree; no argument: all checks
Each check is a function that yields "file:line: what is wrong". To add one: the function, and its
line in CHECKS at the end.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# A folder may include only from folders above it: the architecture (docs/architecture.md).
FOLDERS = ("base", "store", "types", "functions", "expr", "connector", "parser", "catalog",
           "planner", "optimizer", "state", "formats", "kafka", "sources", "sinks", "exec",
           "stream", "server")
# sources/ and sinks/ are one level: neither sees the other.
PEERS = {("sinks", "sources")}

FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 6
# What librdkafka calls.
FOREIGN_SIGNATURES = {("kafka/consumer.c", "on_request"), ("kafka/consumer.c", "on_response")}
NESTING_MAX = 4
FILE_LINES_MAX = 800
HEADER_LINES_MAX = 300
README_LINES_MAX = 70
LINE_COLUMNS_MAX = 100
FILES_WITHOUT_README_MAX = 5

BANNED = ("strcpy", "strcat", "sprintf", "vsprintf", "atoi", "atol", "atof", "strtok", "gets",
          "alloca", "setjmp", "longjmp", "rand", "srand", "sleep", "usleep", "system")
ALLOCATORS = ("malloc", "calloc", "realloc", "free", "strdup", "strndup", "asprintf")
# Where malloc and free may stand: base/, state/, and the wrappers of foreign libraries.
ALLOCATOR_HOMES = ("base/", "state/", "tests/", "bench/")
WRAPPERS = ("store/sqlite.c", "types/simdjson_shim.cc", "types/json_shim.cc",
            "types/json_simdjson.cc", "parser/parser.c")


def git_files():
    """Tracked files and new ones that git does not ignore, as paths from the root."""
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                             capture_output=True, text=True, check=True).stdout
    return sorted(p for p in set(listing.splitlines()) if os.path.isfile(os.path.join(ROOT, p)))


ALL_FILES = git_files()
PRODUCT = tuple(f + "/" for f in FOLDERS)


def sources(*endings, under=PRODUCT + ("tests/", "bench/")):
    return [p for p in ALL_FILES if p.endswith(endings) and p.startswith(under)]


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def code_of(path):
    """The text with comments, strings and character constants blanked; lines keep their numbers."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank,
                  text_of(path), flags=re.S)


def check_folder_order():
    rank = {folder: i for i, folder in enumerate(FOLDERS)}
    for path in sources(".c", ".h", ".cc", ".y"):
        folder = path.split("/")[0]
        for number, line in enumerate(text_of(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            target = match[1].split("/")[0]
            if "/" not in match[1]:
                if not os.path.exists(os.path.join(ROOT, os.path.dirname(path), match[1])):
                    continue  # generated, for example by Lemon
                yield f"{path}:{number}: include by path from the root, not \"{match[1]}\""
            elif folder in rank and target not in rank:
                yield f"{path}:{number}: {folder}/ includes {match[1]}"
            elif folder in rank and (rank[target] > rank[folder] or (folder, target) in PEERS):
                yield f"{path}:{number}: {folder}/ may not include from {target}/"


def check_own_header_first():
    for path in sources(".c", under=PRODUCT):
        header = path[:-2] + ".h"
        if header not in ALL_FILES:
            continue
        first = re.search(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', text_of(path), re.M)
        if not first or first[1] != header:
            yield f"{path}:1: the first include is not \"{header}\""


def check_banned_calls():
    everywhere = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
    allocators = re.compile(r"(?<![\w.>])(" + "|".join(ALLOCATORS) + r")\s*\(")
    for path in sources(".c", ".h", ".cc", ".y"):
        own_memory = path.startswith(ALLOCATOR_HOMES) or path in WRAPPERS
        for number, line in enumerate(code_of(path).splitlines(), 1):
            found = everywhere.search(line) or (not own_memory and allocators.search(line))
            if found:
                yield f"{path}:{number}: {found[1]}() is banned here"


def check_headers_compile_alone():
    packages = ["libuv", "sqlite3", "openssl", "libpcre2-8", "libxxhash"]
    flags = subprocess.run(["pkg-config", "--cflags", *packages], capture_output=True, text=True,
                           check=True).stdout.split()

    def compile_one(path):
        with tempfile.NamedTemporaryFile("w", suffix=".c") as unit:
            unit.write(f'#include "{path}"\n')
            unit.flush()
            run = subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall",
                                  "-I", ROOT, *flags, unit.name],
                                 capture_output=True, text=True)
        return "" if run.returncode == 0 else f"{path}:1: {run.stderr.strip()[:300]}"

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(compile_one, sources(".h", under=PRODUCT)))


def is_flat_dispatch(body):
    """A switch that only dispatches: short cases, no loops, no nesting below them."""
    labels = sum(bool(re.match(r"\s*(case\b.*|default)\s*:", line)) for line in body)
    deep = sum(len(line) - len(line.lstrip()) > 16 for line in body if line.strip())
    loops = sum(bool(re.match(r"\s*(for|while|do)\b", line)) for line in body)
    return labels >= 15 and len(body) <= 5 * labels and deep <= len(body) // 10 and loops <= 1


def functions():
    """(path, name, first line, last line, signature) of every C function."""
    paths = sources(".c", ".cc")
    if not paths:
        return
    tags = subprocess.run(["ctags", "--output-format=json", "--fields=+neS", "--kinds-C=f",
                           "--kinds-C++=f", "-f", "-", *paths], cwd=ROOT, capture_output=True,
                          text=True, check=True).stdout
    for line in tags.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and "end" in tag:
            yield tag["path"], tag["name"], tag["line"], tag["end"], tag.get("signature", "")


def check_function_size():
    for path, name, first, last, _ in functions():
        length = last - first + 1
        if length <= FUNCTION_LINES_MAX:
            continue
        body = code_of(path).splitlines()[first - 1:last]
        if not is_flat_dispatch(body):
            yield f"{path}:{first}: {name} has {length} lines, {FUNCTION_LINES_MAX} at most"


def check_nesting():
    """Four levels deep: a fifth control word in a function stands this far in."""
    deep = re.compile(r"(    ){" + str(NESTING_MAX + 1) + r",}(if|for|while|do|switch)\b")
    for path in sources(".c"):
        for number, line in enumerate(code_of(path).splitlines(), 1):
            if deep.match(line):
                yield f"{path}:{number}: deeper than {NESTING_MAX} levels"


def check_parameter_count():
    for path, name, first, _, signature in functions():
        if (path, name) in FOREIGN_SIGNATURES:
            continue
        inner = re.sub(r"\([^()]*\)", "", signature.strip()[1:-1])  # function pointers
        inner = re.sub(r",\s*Error\s*\*\s*err\w*\s*$", "", inner)  # always last, says nothing
        count = inner.count(",") + 1 if inner.strip() else 0
        if count > PARAMETERS_MAX:
            yield f"{path}:{first}: {name} has {count} parameters, {PARAMETERS_MAX} at most"


def check_file_size():
    for path in sources(".c", ".h", ".cc", ".y", ".py"):
        is_header = path.endswith(".h") and not path.startswith("tests/")
        limit = HEADER_LINES_MAX if is_header else FILE_LINES_MAX
        count = text_of(path).count("\n")
        if path == "parser/grammar.y" or "/generated/" in path:
            continue  # one grammar, one file
        if count > limit:
            yield f"{path}:{count}: {count} lines, {limit} at most"


def check_line_length():
    for path in sources(".c", ".h", ".cc", ".y", ".py"):
        for number, line in enumerate(text_of(path).splitlines(), 1):
            if len(line) > LINE_COLUMNS_MAX:
                yield f"{path}:{number}: {len(line)} columns, {LINE_COLUMNS_MAX} at most"


def check_clang_format():
    paths = sources(".c", ".h", ".cc")
    size = max(1, len(paths) // (4 * (os.cpu_count() or 1)))
    chunks = [paths[i:i + size] for i in range(0, len(paths), size)]

    def format_chunk(chunk):
        return subprocess.run(["clang-format", "--dry-run", "-Werror", *chunk], cwd=ROOT,
                              capture_output=True, text=True).stderr

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for errors in pool.map(format_chunk, chunks):
            for line in errors.splitlines():
                if match := re.match(r"(\S+:\d+):\d+: error: ", line):
                    yield f"{match[1]}: clang-format would change this"


def check_no_machine_facts():
    """No path of one machine, no host of a package registry."""
    words = ["/" + "work/", "/" + "home/", "/" + "root/", "shared" + "/conformance",
             "shared" + "/design", "shared" + "/style", "shared" + "/interfaces",
             "deb." + "debian.org", "py" + "pi.org", "files.python" + "hosted",
             "repo1." + "maven", "registry." + "npm", "crates" + ".io"]
    for path in ALL_FILES:
        if path.startswith("tests/fuzz/corpus"):
            continue
        for number, line in enumerate(text_of(path).splitlines(), 1):
            for word in words:
                if word in line:
                    yield f"{path}:{number}: mentions {word}"


def check_folder_readme():
    count = {}
    for path in ALL_FILES:
        folder = os.path.dirname(path)
        if path.startswith(PRODUCT + ("tests/", "bench/", "scripts/", "web/")):
            count[folder] = count.get(folder, 0) + 1
    for folder, files in sorted(count.items()):
        is_data = folder.startswith(("tests/sql/", "tests/fuzz/corpus", "tests/fuzz/"))
        readme = folder + "/README.md"
        if files > FILES_WITHOUT_README_MAX and readme not in ALL_FILES and not is_data:
            yield f"{folder}:1: {files} files and no README.md"
        if readme in ALL_FILES and text_of(readme).count("\n") > README_LINES_MAX:
            yield f"{readme}:1: more than a page ({README_LINES_MAX} lines)"


def check_head_comment():
    """Each file says what it is; a .c with its own header may leave that to the header."""
    for path in sources(".c", ".h", ".cc"):
        if path[:-2] + ".h" in ALL_FILES and path.endswith(".c"):
            continue
        if not text_of(path).startswith("/*"):
            yield f"{path}:1: no head comment that says what it is"


def check_every_file_is_built():
    """An explicit list can forget a file; then it is dead code."""
    for path in sources(".c", ".cc", under=PRODUCT):
        folder, name = os.path.split(path)
        lists = []
        while True:
            lists.append(os.path.join(folder, "meson.build"))
            if not folder:
                break
            folder = os.path.dirname(folder)
        if not any(f in ALL_FILES and re.search(r"['/]" + re.escape(name) + "'", text_of(f))
                   for f in lists):
            yield f"{path}:1: in no meson.build"


def check_tables_are_complete():
    """A const operator, rule, source, sink, format or function object is named in some table."""
    kinds = r"^const (?:OpType|Rule|SourceType|SinkType|FormatType|FunctionFamily) (\w+) = \{"
    texts = {p: text_of(p) for p in sources(".c", ".h", under=PRODUCT)}
    for path, text in texts.items():
        for name in re.findall(kinds, text, re.M):
            stem = name.split("_", 1)[1]  # a list macro may paste the prefix
            if not any(re.search(rf"\b{name}\b|\bX\([^)]*\b{stem}\b", other)
                       for p, other in texts.items() if p != path and p[:-1] != path[:-1]):
                yield f"{path}:1: {name} stands in no table"


def check_scripts_are_executable():
    for path in ALL_FILES:
        if path.startswith(("scripts/", ".ci/", "bench/run")) and not path.endswith(".md") \
                and not os.access(os.path.join(ROOT, path), os.X_OK):
            yield f"{path}:1: not executable"


CHECKS = {
    "folders include only from folders above": check_folder_order,
    "own header comes first": check_own_header_first,
    "no banned calls": check_banned_calls,
    "each header compiles alone": check_headers_compile_alone,
    "functions are short": check_function_size,
    "functions are shallow": check_nesting,
    "functions take few parameters": check_parameter_count,
    "files are short": check_file_size,
    "lines are short": check_line_length,
    "clang-format is clean": check_clang_format,
    "no machine paths or registries": check_no_machine_facts,
    "big folders have a readme": check_folder_readme,
    "files begin with a head comment": check_head_comment,
    "each source file is built": check_every_file_is_built,
    "tables are complete": check_tables_are_complete,
    "scripts are executable": check_scripts_are_executable,
}


def main():
    wanted = sys.argv[1:] or list(CHECKS)
    print(f"1..{len(wanted)}")
    bad = 0
    for number, name in enumerate(wanted, 1):
        faults = list(CHECKS[name]())
        bad += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} - {name}")
        for fault in faults[:40]:
            print(f"# {fault}")
        if len(faults) > 40:
            print(f"# … and {len(faults) - 40} more")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
