"""The page of a report as a Jinja template; what goes in is made by report_page.py. Everything is escaped."""

STYLE = """
:root { color-scheme: light dark; --page: #ffffff; --text: #1b1f24; --faint: #5d6570; --line: #d8dce2;
  --panel: #f5f6f8; --correct: 31 119 200; --wrong: 240 130 30; }
@media (prefers-color-scheme: dark) { :root { --page: #16191d; --text: #e8eaed; --faint: #a2a9b3;
  --line: #373d45; --panel: #1f2328; --correct: 45 125 205; --wrong: 205 95 15; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 2rem 1.5rem 4rem; background: var(--page);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.7rem; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem; }
h3 { margin: 1.2rem 0 .4rem; font-size: 1rem; }
p { margin: .3rem 0; } .faint { color: var(--faint); font-size: .9rem; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.2rem 0; }
.figures div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px;
  padding: .7rem 1.1rem; }
.figures b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.figures small { display: block; color: var(--faint); font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .35rem .7rem; text-align: right; white-space: nowrap; }
th { background: var(--panel); font-weight: 600; }
td.text, th:first-child { text-align: left; } td.long { white-space: normal; min-width: 16rem; text-align: left; }
td small { display: block; opacity: .85; } code { font-size: .85rem; overflow-wrap: anywhere; }
td.c { background: rgb(var(--correct) / calc(var(--s) * .7)); }
td.w { background: rgb(var(--wrong) / calc(var(--s) * .8)); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1rem; }
.plots svg { width: 100%; height: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; } svg text.name { font-weight: 600; font-size: 13px; }
svg .grid { stroke: currentColor; opacity: .12; } svg .frame { fill: none; stroke: currentColor; opacity: .35; }
svg .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.mistakes { display: flex; flex-wrap: wrap; gap: .8rem; }
.mistakes figure { margin: 0; width: 8.5rem; font-size: .8rem; overflow-wrap: anywhere; }
.mistakes img { display: block; image-rendering: pixelated; border: 3px solid rgb(var(--wrong)); }
.mistakes small { color: var(--faint); }
img.matrix { max-width: 100%; border-radius: 8px; }
blockquote { margin: .6rem 0; padding: .6rem 1rem; border-left: 4px solid rgb(var(--correct));
  background: var(--panel); }
details { margin: .6rem 0; } summary { cursor: pointer; }
@media print { body { max-width: none; padding: 0; font-size: 11px; } h2 { break-after: avoid; }
  table, figure, svg, .figures div { break-inside: avoid; }
  .wide { overflow: visible; } }
"""

TEMPLATE = """
{%- macro number(value, digits=4) -%}
{{ "–" if value is none else ("%." ~ digits ~ "f") | format(value) }}
{%- endmacro -%}
{%- macro limits(interval) -%}
{% if interval %}{{ "%.4f" | format(interval[0]) }} to {{ "%.4f" | format(interval[1]) }}{% endif %}
{%- endmacro -%}
{%- macro pairs(rows) -%}
<div class="wide"><table><tbody>
{% for name, value in rows %}<tr><th scope="row">{{ name }}</th><td class="text">{{ value }}</td></tr>
{% endfor %}</tbody></table></div>
{%- endmacro -%}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="AID Desktop {{ version }}">
<title>{{ title }}</title>
<style>{{ style }}</style>
</head>
<body>
<h1>{{ title }}</h1>
<p class="faint">{% if role %}{{ role | capitalize }} images. {% endif %}Report of AID Desktop {{ version }}, made on
{{ made }}.</p>
<div class="figures">
<div><b>{{ scores.n }}</b>images</div>
{% for name, value, interval, meaning in headlines %}
<div title="{{ meaning }}"><b>{{ number(value) }}</b>{{ name }}<small>{{ limits(interval) }}</small></div>
{% endfor %}
</div>
<p class="faint">Small numbers: limits that hold the true value with a confidence of 95 % (bootstrap over the images;
they are too narrow where images are not independent, say many of one patient).</p>
{% if threshold %}
<p>An image is given to <b>{{ threshold.name }}</b> where its probability is greater than {{ threshold.value }},
otherwise to the most probable other class. Concentration {{ number(threshold.scores.initial_concentration) }} →
{{ number(threshold.scores.final_concentration) }}, enrichment {{ number(threshold.scores.enrichment, 3) }}, yield
{{ number(threshold.scores.sorting_yield) }}.</p>
{% else %}
<p>Each image is given to its most probable class.</p>
{% endif %}
<h2>Methods</h2>
<blockquote>{{ methods }}</blockquote>
<h2>Confusion matrix</h2>
<p class="faint">Rows: actual class. Columns: predicted class. Below each number: its share of the row.</p>
<div class="wide">
{% if matrix_rows is none %}
<img class="matrix" alt="Confusion matrix" src="{{ picture }}">
{% else %}
<table><thead><tr><th scope="col">actual \\ predicted</th>
{% for name in names %}<th scope="col">{{ name }}</th>{% endfor %}<th scope="col">images</th></tr></thead><tbody>
{% for row in matrix_rows %}
<tr><th scope="row">{{ row.name }}</th>
{% for cell in row.cells %}
{% if cell.share is none %}<td>{{ cell.count }}</td>
{% else %}<td class="{{ cell.kind }}" style="--s:{{ cell.strength }}">{{ cell.count }}<small>{{ cell.share }}</small>
</td>
{% endif %}
{% endfor %}<td>{{ row.total }}</td></tr>
{% endfor %}
</tbody></table>
{% endif %}
</div>
{% if confusions %}
<h2>Most frequent confusions</h2>
<div class="wide"><table><thead><tr><th scope="col">actual</th><th scope="col">predicted</th><th scope="col">images</th>
</tr></thead><tbody>
{% for actual, predicted, n in confusions %}
<tr><td class="text">{{ actual }}</td><td class="text">{{ predicted }}</td><td>{{ n }}</td></tr>
{% endfor %}</tbody></table></div>
{% else %}
<p>No image was given to a wrong class.</p>
{% endif %}
<h2>Per class</h2>
<div class="wide"><table><thead><tr>
{% for name in ["class", "images", "precision", "recall", "F1", "ROC-AUC", "PR-AUC", "initial conc.", "enrichment"] %}
<th scope="col">{{ name }}</th>{% endfor %}</tr></thead><tbody>
{% for one in scores.per_class %}
<tr><th scope="row">{{ one.name }}</th><td>{{ one.support }}</td>
{% for key in ["precision", "recall", "f1", "roc_auc", "pr_auc"] %}
<td>{{ number(one[key]) }}{% if key in one.intervals %}<small>{{ limits(one.intervals[key]) }}</small>{% endif %}</td>
{% endfor %}
<td>{{ number(one.initial_concentration) }}</td><td>{{ number(one.enrichment, 3) }}</td></tr>
{% endfor %}
{% for name, mean in [("macro mean", scores.macro), ("weighted mean", scores.weighted)] %}
<tr><th scope="row">{{ name }}</th><td>{{ scores.n }}</td><td>{{ number(mean.precision) }}</td>
<td>{{ number(mean.recall) }}</td><td>{{ number(mean.f1) }}</td><td></td><td></td><td></td><td></td></tr>
{% endfor %}
</tbody></table></div>
<p class="faint">Precision: share of the images predicted as this class that are of it (for sorting: the final
concentration). Recall: share of its images that were found (the yield). AUC: areas under the ROC curve and the stepwise
precision-recall curve of this class against all others, whatever the threshold. Initial concentration: share of all
images that are of this class. Enrichment: precision by initial concentration.</p>
<h2>Curves</h2>
{% if left_out %}<p class="faint">{{ left_out }} classes with fewer images are not drawn.</p>{% endif %}
<div class="plots">
{% for plot in plots %}{{ plot }}
{% endfor %}</div>
{% if mistakes %}
<h2>Example mistakes</h2>
<p class="faint">The {{ mistakes | length }} of which the model was most certain.</p>
<div class="mistakes">
{% for one in mistakes %}
<figure><img alt="{{ one.actual }}" src="{{ one.source }}">
<figcaption>{{ one.actual }} → {{ one.predicted }} {{ "%.3f" | format(one.probability) }}<br>
<small>{{ one.origin }}</small>
</figcaption></figure>
{% endfor %}
</div>
{% endif %}
<h2>Model and data</h2>
{% if model %}<p>Model <code>{{ model[0] }}</code><br>digest <code>{{ model[1] }}</code></p>{% endif %}
{% if model_rows %}{{ pairs(model_rows) }}{% endif %}
<h3>Assessed images</h3>
<div class="wide"><table><thead><tr>
{% for name in ["data", "class", "kind", "images", "zoom", "which", "problems", "digest"] %}
<th scope="col">{{ name }}</th>
{% endfor %}</tr></thead><tbody>
{% for one in data %}
<tr><td class="text"><code>{{ one.path }}</code>{% if one.part %} {{ one.part }}{% endif %}</td>
<td class="text">{{ one.classes }}</td><td class="text">{{ one.kind }}</td><td>{{ one.n }}</td>
<td>{{ "%g" | format(one.zoom) }}</td><td class="text">{{ one.which }}</td><td class="text">{{ one.problems }}</td>
<td class="text"><code>{{ one.digest }}</code></td></tr>
{% endfor %}</tbody></table></div>
{% if run and run.config %}
<h3>Data table of the run</h3>
<div class="wide"><table><thead><tr>
{% for name in ["data", "class", "role", "zoom", "which", "images per epoch", "digest"] %}
<th scope="col">{{ name }}</th>
{% endfor %}</tr></thead><tbody>
{% for row in run.config.data %}
<tr><td class="text"><code>{{ row.path }}</code>{% if row.part %} {{ row.part }}{% endif %}</td>
<td class="text">{{ row.class_name }}</td><td class="text">{{ row.role }}</td><td>{{ "%g" | format(row.zoom) }}</td>
<td class="text">{{ which_text(row.images) }}</td>
<td>{{ "all" if row.images_per_epoch is none else row.images_per_epoch }}</td>
<td class="text"><code>{{ row.digest or "–" }}</code></td></tr>
{% endfor %}</tbody></table></div>
{% elif training_data %}
<h3>Training images</h3>
<div class="wide"><table><thead><tr><th scope="col">data</th><th scope="col">digest</th></tr></thead><tbody>
{% for path, digest in training_data %}
<tr><td class="text"><code>{{ path }}</code></td><td class="text"><code>{{ digest }}</code></td></tr>
{% endfor %}</tbody></table></div>
{% endif %}
{% if run %}
<h2>Training</h2>
<p>Run <code>{{ run.folder }}</code>{% if run.config %}, seed {{ run.config.seed }}{% endif %}</p>
{% if run.problem %}<p>Not everything of the run could be read: {{ run.problem }}</p>{% endif %}
{% if history_plots %}
<div class="plots">
{% for plot in history_plots %}{{ plot }}
{% endfor %}</div>
<p class="faint">Dashed upright lines: the settings were changed.</p>
{% endif %}
{% if changes %}
<h3>Settings that were changed</h3>
<div class="wide"><table><thead><tr><th scope="col">from epoch</th><th scope="col">time</th>
<th scope="col">change</th></tr></thead><tbody>
{% for epoch, time, text in changes %}
<tr><td>{{ epoch }}</td><td class="text">{{ time }}</td><td class="long">{{ text }}</td></tr>
{% endfor %}</tbody></table></div>
{% endif %}
{% if settings %}
<details open><summary>All settings at the start</summary>
{{ pairs(settings) }}</details>
{% endif %}
{% endif %}
<h2>Versions and machine</h2>
{{ pairs(versions + hardware) }}
{% if trained_with %}<h3>The model was saved with</h3>
{{ pairs(trained_with) }}{% endif %}
<p class="faint">Seed of the intervals: {{ bootstrap_seed }}.</p>
</body>
</html>
"""
