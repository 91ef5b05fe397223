"""What a person with psql sees."""


def test_one_plus_one(program):
    run = program("psql", "-X", "-c", "select 1 + 1")
    assert run.returncode == 0, run.stderr
    assert "2" in run.stdout and "(1 row)" in run.stdout


def test_several_statements_in_one_query(program):
    run = program("psql", "-X", "-A", "-t", "-c", "select 1; select 'two'")
    assert run.stdout.split() == ["1", "two"], run.stderr


def test_script_from_stdin(program):
    run = program("psql", "-X", "-A", "-t", stdin="select 1;\nselect 2;\n")
    assert run.stdout.split() == ["1", "2"], run.stderr


def test_an_error_has_state_and_a_caret(program):
    run = program("psql", "-X", "-v", "VERBOSITY=verbose", "-c", "select 1 +\n  nonsense")
    assert run.returncode != 0
    assert "42703" in run.stderr
    assert "LINE 2:   nonsense" in run.stderr and "^" in run.stderr


def test_an_error_leaves_the_session_usable(program):
    run = program("psql", "-X", "-A", "-t", stdin="select nonsense;\nselect 3;\n")
    assert run.stdout.split() == ["3"]


def test_conninfo(program):
    run = program("psql", "-X", stdin="\\conninfo\n\\echo :SERVER_VERSION_NUM\n")
    assert 'database "millrace"' in run.stdout, run.stderr
    assert "150005" in run.stdout


def test_version(program):
    run = program("psql", "-X", "-A", "-t", "-c", "select version()")
    assert run.stdout.startswith("PostgreSQL 15.5 (millrace 0.1.0)"), run.stderr


def test_pgbench_simple_and_prepared(program, tmp_path):
    script = tmp_path / "one.sql"
    script.write_text("SELECT 1 + :client_id;\n")
    for protocol in ("simple", "extended", "prepared"):
        run = program("pgbench", "-n", "-M", protocol, "-f", str(script), "-t", "50", "-c", "2",
                      "millrace")
        assert run.returncode == 0, run.stderr
        assert "number of transactions actually processed: 100/100" in run.stdout
