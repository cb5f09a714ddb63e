"""Pictures of the dashboards that templates hold, with sample data: `make pictures`.

A body (`body`) is read and checked, its widgets are placed (`grid`), what they show is made up (`sample`, `logs`) and
computed (`expression`, `evaluate`), and each kind of widget is drawn by a module of its own. Nothing asks AWS.
"""
