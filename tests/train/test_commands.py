"""The commands that need no person: demo and tensorboard; and what a run shows while it goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from npckit import cli
from npckit.train import Run
from npckit.train.config_file import to_toml
from npckit.train.presets import load_preset
from npckit.train.progress import Bar, Lines, Status
from npckit.train.run_folder import free_folder
from rich.console import Console


def test_the_demo_trains_measures_and_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    quick = replace(load_preset("pong", "demo"), minutes=0.0, total_samples=32_768, final_matches=4)
    Path("quick.toml").write_text(to_toml(quick))
    assert cli.main(["demo", "--preset", "quick.toml", "--out", "shown"]) == 0
    told = capsys.readouterr().out
    run = Run.open("shown")
    assert [each["opponent"] for each in run.results["matches"]] == ["random", "easy", "normal", "hard"]
    for file in (run.policy, run.path / "match.mp4"):
        assert file.stat().st_size > 1000 and str(file) in told


def test_a_second_demo_leaves_the_first_alone(tmp_path: Path) -> None:
    assert free_folder(tmp_path / "demo") == tmp_path / "demo"
    (tmp_path / "demo").mkdir()
    assert free_folder(tmp_path / "demo") == tmp_path / "demo"
    (tmp_path / "demo" / "policy.onnx").write_text("")
    assert free_folder(tmp_path / "demo") == tmp_path / "demo-001"


def test_the_demo_takes_about_a_minute_by_its_preset() -> None:
    assert 0.5 <= load_preset("pong", "demo").minutes <= 1.0


def test_charts_of_nothing_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tensorboard", "nowhere"]) == 2
    assert "train first" in capsys.readouterr().err


def test_away_from_a_terminal_each_evaluation_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines, status = Lines(), Status(samples=1000, fraction=0.5, seconds=10, samples_per_second=100)
    for rate in (None, None, 0.4, 0.4, 0.6):
        status.win_rates = {} if rate is None else {"hard": rate}
        lines.show(status)
    assert [line.split("hard ")[-1][:3] for line in capsys.readouterr().out.splitlines()[1:]] == ["40%", "60%"]


def test_in_a_terminal_the_bar_tells_score_speed_and_time_left() -> None:
    console = Console(record=True, force_terminal=True, width=120)
    bar = Bar(console)
    bar.show(Status(500_000, 0.25, 30, 41_000, 1.5, 0.3, {"hard": 0.41}))
    bar.close()
    text = console.export_text()
    for word in ("25%", "score +1.50", "perf 0.30", "hard 41%", "41k/s", "left 1:30"):
        assert word in text
