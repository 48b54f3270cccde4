"""Why a saga stands where it stands: pure, from facts to a sentence, evidence and a command.

explain.py ranks the causes; facts.py is what it is told, by services/evidence/.
"""
