"""What a camera mistakes for a person: rain, leaves, lamps, lorries, dogs, as layers over pictures.

What belongs here: generators, exact in their seed, that lay a trouble over grey pictures (drawn or
real) and draw the lingerer who must be found in spite of it. What does not: what is made of the
pictures; tests and benchmarks judge that.
"""
