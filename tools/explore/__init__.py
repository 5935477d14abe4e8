"""Many machines for some networks: which are worth building.

Reading order: `families` (what networks take on a machine, and at least), `space` (what is swept),
`designs` (a machine, what it takes, whether it is legal), `front` (which designs no other one
beats), `studies` (what is known is kept, and what is worth trying next), `workers` (many
at once), `exploration` (what is asked), `runs` (which points are tried, and when), `outcome` (a row
for each point), `front_page` (its report).
"""
