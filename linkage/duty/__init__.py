"""Who is on duty and on patrol, where and when: rota, posts, hand-over, teams, the empty chair.

Deciding is pure (`rota`, `teams`); whom an incident calls is the escalation's business.
"""
