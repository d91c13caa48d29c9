"""The same from Python: compose, change, fit, read."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError
from typed import SMALL, Typed, rows

from experiments import Run, Sweep, compose, fit
from experiments.config.problems import ConfigurationError


def test_compose_is_what_the_command_line_trains(small: Typed) -> None:
    composed = OmegaConf.to_container(compose(SMALL))
    assert isinstance(composed, dict)
    trained = OmegaConf.to_container(OmegaConf.load(small.run / ".hydra" / "config.yaml"))
    assert isinstance(trained, dict)
    assert composed == {name: trained[name] for name in composed}
    assert composed["schedule"]["epochs"] == 2


def test_a_changed_configuration_is_trained(tmp_path: Path) -> None:
    configuration = compose(SMALL)
    configuration.schedule.epochs = 1
    run = fit(configuration, folder=tmp_path / "mine", quiet=True)
    assert isinstance(run, Run)
    assert run.path == tmp_path / "mine"
    assert list(run.history["epoch"]) == [0, 1]
    assert run.record["command"] == "experiments.fit"


def test_without_a_folder_it_goes_to_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one, two = (fit(compose(["recipe=line", "schedule.epochs=1"]), quiet=True) for _ in range(2))
    assert one.path != two.path
    assert one.path.parent == two.path.parent == Path("outputs")
    assert one.status == two.status == "finished"


def test_quiet_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fit(compose(SMALL), folder=tmp_path / "run", quiet=True)
    assert capfd.readouterr() == ("", "")


def test_not_quiet_prints_what_the_terminal_shows(
    tmp_path: Path, small: Typed, capfd: pytest.CaptureFixture[str]
) -> None:
    fit(compose(SMALL), folder=tmp_path / "run")
    printed = capfd.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()] == ["epoch", "0", "1", "2"]
    assert printed.err == small.err


def test_a_sweep_is_no_configuration() -> None:
    with pytest.raises(ConfigurationError, match=r"a sweep is 5 configurations; compose one") as caught:
        compose(["sweep=seeds"])
    assert "try: experiments fit sweep=seeds" in str(caught.value)


def test_mistakes_are_all_in_one_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        compose(["lr=0.1", "schedule.epochs=0"])
    assert "optimizer.lr" in str(caught.value)
    assert "schedule.epochs=0" in str(caught.value)


def test_a_misspelt_key_cannot_be_assigned() -> None:
    configuration = compose()
    with pytest.raises(ConfigAttributeError, match="learning_rate"):
        configuration.optimizer.learning_rate = 0.1
    with pytest.raises((ConfigKeyError, ConfigAttributeError), match="sede"):
        configuration["sede"] = 1


@pytest.mark.parametrize(
    ("key", "value"), [("optimizer.lr", -1), ("schedule.epochs", 0), ("dataset.batch_size", "many")]
)
def test_a_changed_value_is_checked_and_leaves_no_folder(tmp_path: Path, key: str, value: object) -> None:
    configuration = compose(SMALL)
    OmegaConf.update(configuration, key, value)
    with pytest.raises(ConfigurationError, match=f"{key}={value}"):
        fit(configuration, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_is_not_written_over(small: Typed) -> None:
    before = (small.run / "run.json").read_bytes()
    with pytest.raises(FileExistsError, match="already holds a run"):
        fit(compose(SMALL), folder=small.run, quiet=True)
    assert (small.run / "run.json").read_bytes() == before


def test_data_that_are_not_there_are_refused(tmp_path: Path) -> None:
    configuration = compose(["dataset=folder", f"dataset.root={tmp_path / 'nothing'}", "dataset.image_size=32"])
    with pytest.raises(ConfigurationError, match="nothing"):
        fit(configuration, folder=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_weights_to_start_from_must_be_as_many_as_the_network_has(tmp_path: Path) -> None:
    configuration = compose(["recipe=line", "model.initial=[1,2,3]"])
    with pytest.raises(ConfigurationError, match=r"must have 2 x 1 numbers here, or be null"):
        fit(configuration, folder=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_run_and_a_sweep_are_data_frames(small: Typed, sweep: Path) -> None:
    run = Run(small.run)
    assert list(run.history.columns) == list(rows(small.run / "history.csv")[0])
    assert len(run.predictions) == run.record["data"]["valid_size"]
    table = Sweep(sweep).table()
    assert sorted(table["optimizer.lr"]) == [0.003, 0.03]
    assert set(table["status"]) == {"finished"}
    same = table.set_index("optimizer.lr").loc[0.003]
    assert same["error_rate"] == run.metrics["final"]["error_rate"]
