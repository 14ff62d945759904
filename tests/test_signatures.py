"""Options have the same names, order and defaults in functions, accessors, command line and cohorts."""

import inspect

import pytest

import bitbox_xr as bx
from bitbox_xr.accessors import SignalsAccessor
from bitbox_xr.cli import main
from bitbox_xr.plotting.decomposition import decomposition
from bitbox_xr.plotting.methods import SignalsPlotMethods as PlotMethods

from cohort_plans import plan_of

ORDER = ["width", "step", "max_lag", "causal", "polarity", "min_valid", "fps"]
DEFAULTS = {
    "width": 0.5,
    "step": None,
    "max_lag": None,
    "causal": True,
    "polarity": True,
    "min_valid": 0.75,
    "fps": None,
}
ONE_SIDED = ["imitation", "lag_profile", "significance", "lag_map", "surrogate_windows", "surrogate_profiles"]
COMMANDS = ["imitation", "coordination", "significance", "cohort"]


def window_options(function):
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.name in ORDER}


def expected(name):
    return {option: DEFAULTS[option] for option in ORDER if option != "causal" or name != "coordination"}


@pytest.mark.parametrize("name", [*ONE_SIDED, "coordination"])
def test_window_options_of_functions_and_accessors(name):
    for function in (getattr(bx, name), getattr(SignalsAccessor, name)):
        assert list(window_options(function).items()) == list(expected(name).items())


@pytest.mark.parametrize("name", COMMANDS)
def test_window_options_of_commands(name):
    options = {p.name: p.default for p in main.commands[name].params if p.name in ORDER and p.name != "fps"}
    known = {option: default for option, default in expected(name).items() if option != "fps"}
    given = {option: default if default in (True, False) or isinstance(default, float) else None
             for option, default in options.items()}  # fmt: skip
    assert {option: given[option] for option in known} == known
    assert set(options) == set(known)


@pytest.mark.parametrize("measure", ["imitation", "coordination", "significance"])
def test_window_options_of_cohorts(measure):
    known = {name: value for name, value in plan_of(measure).options.items() if name in ORDER}
    assert list(known.items()) == [item for item in expected(measure).items() if item[0] != "fps"]


def test_attributes_have_the_names_of_the_options():
    x = bx.signals([[float(k % 7), float(k % 5)] for k in range(120)], fps=30)
    attrs = bx.imitation(x, x).attrs
    assert {name: attrs[name] for name in ORDER if name in attrs} == {
        "width": 0.5, "step": 7 / 30, "max_lag": 0.1, "causal": 1, "polarity": 1, "min_valid": 0.75, "fps": 30.0,
    }  # fmt: skip
    assert bx.kinematics(
        bx.signals([[0.0, float(k), 0.0, 0.0, 0.0, 0.0] for k in range(9)], kind="pose", fps=30)
    ).attrs["fps"] == pytest.approx(30)


def test_first_argument_is_x_and_second_is_y():
    for name in bx.__all__:
        function = getattr(bx, name)
        positional = [
            p.name
            for p in (inspect.signature(function).parameters.values() if inspect.isfunction(function) else ())
            if p.kind is p.POSITIONAL_OR_KEYWORD
        ]
        if positional[:1] not in (
            [],
            ["path"],
            ["data"],
            ["result"],
            ["obj"],
            ["manifest"],
            ["name"],
            ["summary"],
            ["measure"],
        ):
            assert positional[0] == "x", name
            assert positional[1:2] in ([], ["y"], ["fps"], ["width"], ["intervals"]), name


CHOOSING = {"min_rise": None, "false_alarms_per_minute": None, "noise": None}


@pytest.mark.parametrize("name", ["expressivity", "events", "diversity"])
def test_options_that_choose_activations(name):
    methods = [getattr(bx, name), getattr(SignalsAccessor, name)]
    for function in [*methods, PlotMethods.decomposition, decomposition]:
        defaults = {p.name: p.default for p in inspect.signature(function).parameters.values()}
        assert [option for option in defaults if option in CHOOSING] == list(CHOOSING)
        assert {option: defaults[option] for option in CHOOSING} == CHOOSING
    for command in ("expressivity", "cohort"):
        options = {p.name: p.default for p in main.commands[command].params}
        assert set(CHOOSING) <= set(options)


def test_options_of_contingency():
    function = {p.name: p.default for p in inspect.signature(bx.contingency).parameters.values()}
    assert [*function] == [
        "x", "y", "min_latency", "max_latency", "scales", "min_rise", "false_alarms_per_minute", "noise", "surrogates",
        "n", "rng", "pairs", "partners", "by", "progress", "fps",
    ]  # fmt: skip
    options = {p.name: p.default for p in main.commands["contingency"].params}
    shared = ("min_latency", "max_latency", "false_alarms_per_minute", "surrogates", "n", "pairs")
    assert {name: options[name] for name in shared} == {name: function[name] for name in shared}
    planned_options = plan_of("contingency").options
    assert {name: planned_options[name] for name in ("max_latency", "n", "rng")} == {
        "max_latency": 2.0, "n": 199, "rng": None,
    }  # fmt: skip
