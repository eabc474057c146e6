"""Curves, clone areas and distributions of the arms, by the functions that draw run folders."""

import io
from collections.abc import Callable

import solara
from matplotlib.figure import Figure

from abm.observe_wells import read_wells
from abm.record import layout
from analysis.plots.asns_now import asns_figure
from analysis.plots.common import doses_of, jumps_of
from analysis.plots.course import course_figure
from analysis.plots.distributions import distributions_figure
from analysis.plots.muller import muller_figure
from analysis.plots.nutrients import nutrients_figure
from analysis.plots.overview import overview_figure
from analysis.plots.price import price_figure
from scenarios.app.history import Records
from scenarios.app.session import Arm
from scenarios.app.visit import Visit

_DOTS_PER_INCH = 110
_MOST_WELLS = 200
_WELL_COLUMNS = (
    "well", "population", "n_live", "n_early", "n_late", "asn_uM", "gln_uM",
    "asparaginase_IU_per_mL",
)  # fmt: skip

Draw = Callable[[Records], Figure | None]


@solara.component
def ChartsPart(visit: Visit) -> None:
    """Tabs; only the one that is open is drawn."""
    visit.at_charts.get()
    tab = solara.use_reactive(0)
    arms = visit.simulation.arms
    if not arms:
        return
    is_body = arms[0].scenario.environment.kind == "body"
    tabs: dict[str, Callable[[], None]] = {
        "Over time": lambda: _over_time(visit),
        "Nutrients": lambda: _each(visit, nutrients_figure),
        "Clones": lambda: _each(visit, muller_figure),
        "ASNS": lambda: _asns(visit),
        "Spread": lambda: _each(visit, distributions_figure),
    }
    if is_body:
        tabs = {"Course": lambda: _each(visit, course_figure), **tabs}
        if arms[0].lesion is not None:
            tabs["Lesion"] = lambda: _lesion(visit)
    elif arms[0].scenario.environment.kind == "well":
        tabs["Wells"] = lambda: _wells(visit)
    with solara.lab.Tabs(value=tab):
        for name in tabs:
            solara.lab.Tab(name)
    list(tabs.values())[min(tab.value, len(tabs) - 1)]()


def _over_time(visit: Visit, *, of_lesion: bool = False) -> None:
    with visit.simulation.lock:
        arms = visit.simulation.arms
        records = {arm.name: arm.records() for arm in arms}
        shown = {arm.name: (arm.mapped if of_lesion else arm).records() for arm in arms}
        parted = [part["until_h"] for arm in arms for part in arm.past]
        figure = overview_figure(
            {name: one.timeseries for name, one in shown.items()},
            {name: doses_of(one) for name, one in records.items()},
            jumps={name: jumps_of(one) for name, one in records.items()},
            parted_h=max(parted, default=None),
        )
    _show(figure, "Cells, asparagine and asparaginase over time")


def _lesion(visit: Visit) -> None:
    _over_time(visit, of_lesion=True)
    for arm in visit.simulation.arms:
        if len(visit.simulation.arms) > 1:
            solara.Text(arm.name, classes=["asn-arm"])
        with visit.simulation.lock:
            now = asns_figure(arm.mapped.frame())
        _show(now, f"ASNS over the tumour cells of {arm.mapped.name}, now")


def _each(visit: Visit, draw: Draw) -> None:
    for arm in visit.simulation.arms:
        with visit.simulation.lock:
            records = arm.records(arm.frame())
            has_course = records.timeseries[layout.TIME].nunique() > 1
            figure = draw(records) if has_course else None
        if len(visit.simulation.arms) > 1:
            solara.Text(arm.name, classes=["asn-arm"])
        _show(figure, f"{draw.__name__.removesuffix('_figure')} of {arm.name}")


def _asns(visit: Visit) -> None:
    for arm in visit.simulation.arms:
        with visit.simulation.lock:
            now = asns_figure(arm.frame())
        if len(visit.simulation.arms) > 1:
            solara.Text(arm.name, classes=["asn-arm"])
        _show(now, f"ASNS over the tumour cells of {arm.name}, now")
    _each(visit, price_figure)


def _wells(visit: Visit) -> None:
    for arm in visit.simulation.arms:
        with visit.simulation.lock:
            table = _table_of_wells(arm)
        if len(visit.simulation.arms) > 1:
            solara.Text(arm.name, classes=["asn-arm"])
        solara.HTML(tag="div", unsafe_innerHTML=table, classes=["asn-wells"])


def _table_of_wells(arm: Arm) -> str:
    """Return the wells as an HTML table; pandas escapes what is in it."""
    wells = read_wells(arm.model)
    shown = wells[[name for name in _WELL_COLUMNS if name in wells]].head(_MOST_WELLS)
    text = shown.to_html(index=False, border=0, float_format="{:.4g}".format, na_rep="-")
    more = len(wells) - len(shown)
    return text if more <= 0 else f"{text}<p>and {more} more rows: download the tables</p>"


def _show(figure: Figure | None, text: str) -> None:
    if figure is None:
        solara.Text(
            "Nothing to show yet: press Play or Step. Clones, ASNS and spread need two records, "
            "and a scenario that has them.",
            classes=["asn-small"],
        )
        return
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DOTS_PER_INCH, facecolor="white")
    with solara.Div(classes=["asn-figure"], attributes={"role": "img", "aria-label": text}):
        solara.Image(stream.getvalue(), width="100%")
