/** Text for HTML content and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** One file that needs nothing else: the policy forbids the page any request. */
export function renderPage(title: string, body: string, script = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
${script === '' ? '' : `<script>${script}</script>`}
</body>
</html>
`
}

const STYLE = `
:root{--text:#1c2024;--quiet:#5a626b;--back:#fff;--panel:#f4f6f8;--line:#d5dae0;--link:#0b5cad;
--good:#12702f;--bad:#b3161b;--warn:#7d5200;--focus:#0b5cad}
@media (prefers-color-scheme:dark){:root{--text:#e8eaed;--quiet:#a3abb4;--back:#15181b;--panel:#1f2428;--line:#3a424a;
--link:#7cb8ff;--good:#62cf82;--bad:#ff8a84;--warn:#e8b85c;--focus:#7cb8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main,header,footer{max-width:72rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.25rem 0}a{color:var(--link)}
.quiet{color:var(--quiet)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.verdict{font-size:1.15rem;font-weight:600}
table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--quiet);padding:.25rem 0}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
form{display:flex;flex-wrap:wrap;gap:1rem;background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.75rem}
fieldset{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem .9rem}legend{padding:0;color:var(--quiet)}
label{white-space:nowrap}select,input[type=search]{font:inherit;color:inherit;background:var(--back);border:1px solid var(--quiet);border-radius:.25rem;padding:.15rem .4rem}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
ul.cases{list-style:none;margin:0;padding:0}ul.cases>li{border-bottom:1px solid var(--line);padding:.5rem 0}
.id{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
.tag{display:inline-block;min-width:7.5em;font-weight:600}
details>summary{cursor:pointer}
pre{background:var(--panel);border:1px solid var(--line);border-radius:.25rem;padding:.6rem;margin:.4rem 0;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
dl{margin:.4rem 0}dt{font-weight:600}dd{margin:0}
[hidden]{display:none!important}
@media print{form{display:none}details{break-inside:avoid}}
`
