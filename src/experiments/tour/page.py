"""`pictures/index.html`: the tour to look at again, without network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from experiments.reports.drawing.theme import DARK
from experiments.tour.walk import Shown

HEAD = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A tour of training, and of what goes wrong</title>
<style>
  :root { color-scheme: light dark; --page: #ffffff; --ink: #1a1a1a; --faint: #666666; --code: #f3f4f6; }
  @media (prefers-color-scheme: dark) { :root { --page: #0d1117; --ink: #e6edf3; --faint: #8b949e; --code: #161b22; } }
  body { background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
         max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h2 { margin-top: 3rem; }
  pre { background: var(--code); padding: .6rem 1rem; overflow-x: auto; border-radius: .4rem; }
  img { max-width: 100%; height: auto; background: #ffffff; border-radius: .4rem; }
  figure { margin: 1rem 0; } figcaption { color: var(--faint); font-size: .85rem; }
</style>
<h1>A tour of training, and of what goes wrong</h1>
"""


def page(shown: Sequence[Shown]) -> str:
    """Each step with its text, its commands and its pictures, the dark ones on a dark page."""
    return HEAD + "\n".join(_section(one) for one in shown)


def _section(shown: Shown) -> str:
    step = shown.step
    commands = escape("\n".join(step.commands))
    parts = [f"<h2>{shown.number}. {escape(step.title)}</h2>", f"<p>{escape(' '.join(step.text))}</p>"]
    parts += [f"<pre>{commands}</pre>", *(_picture(name, shown.pictures) for name in shown.pictures if _is_light(name))]
    return "\n".join(parts)


def _is_light(name: str) -> bool:
    return not name.rpartition(".")[0].endswith(DARK.suffix)


def _picture(name: str, names: Sequence[str]) -> str:
    stem, _, kind = name.rpartition(".")
    if kind == "html":
        return f'<p><a href="{escape(name)}">{escape(stem)}: the fit step by step, with a slider</a></p>'
    dark = f"{stem}{DARK.suffix}.{kind}"
    source = f'<source srcset="{escape(dark)}" media="(prefers-color-scheme: dark)">' if dark in names else ""
    return (
        f'<figure><picture>{source}<img src="{escape(name)}" alt="{escape(stem)}" loading="lazy"></picture>'
        f"<figcaption>{escape(name)}</figcaption></figure>"
    )
