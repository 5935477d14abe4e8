"""The report of a program: one HTML page that needs nothing else.

Read `page` for what it shows, `figures` for how that is drawn (plotly), `program_graph` for which
layer reads which, `layer_texts` for a layer's text at each level. `html_shell`, `page.css` and
`page.js` are around all that; `hw/timing/activity.py` has what happens when.
"""
