"""Many machines for some networks: which are worth building.

Reading order: `space` (what is swept), `designs` (a machine, what it takes, whether it is legal),
`bounds` (what no program for it can beat), `evaluate` (compile and time), `front` (which designs no
other one beats), `studies` (what is known is kept, and what is worth trying next), `workers` (many
at once), `exploration` (what is asked), `runs` (which points are tried, and when), `outcome` (a row
for each point), `front_page` (its report).
"""
