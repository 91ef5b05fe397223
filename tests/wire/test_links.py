"""A link in a source's folder that leads out of the allowed directories is not read, and told."""
import os


def test_a_link_out_of_the_allowed_directories_is_not_read(server, connect, tmp_path):
    folder = os.path.join(server.work, "linked")
    os.mkdir(folder)
    secret = tmp_path / "secret.json"
    secret.write_text('{"v": 1000}\n', encoding="utf-8")
    inside = os.path.join(server.work, "inside.json")
    for path, value in ((inside, 1), (os.path.join(folder, "a.json"), 2)):
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"v": %d}\n' % value)
    os.symlink(inside, os.path.join(folder, "b.json"))
    os.symlink(secret, os.path.join(folder, "c.json"))
    session = connect()
    session.execute("CREATE SOURCE linked (v int8) WITH (connector = 'file', path = 'linked/')")
    assert session.execute("SELECT sum(v) FROM linked").fetchone() == (3,)
    session.execute("CREATE STREAM links AS SELECT sum(v) AS v FROM linked")
    for _ in range(2):
        session.execute("WAIT FOR STREAM links")
        assert session.execute("SELECT v FROM links").fetchone() == (3,)
        session.execute("ALTER STREAM links RESTART")
    rows = session.execute("SELECT sqlstate, message FROM millrace.errors "
                           "WHERE stream = 'links'").fetchall()
    assert len(rows) == 1 and rows[0][0] == "42501"
    assert "c.json\" links to a file outside of the allowed directories" in rows[0][1]
    session.execute("DROP STREAM links; DROP SOURCE linked")
