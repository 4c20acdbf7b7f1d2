"""`make scenario`: the whole cycle, over HTTP, without a person.

It speaks HTTP only and imports nothing of the portal: what it proves, it proves as a browser and
as a program of an organisme see it.
"""

from server.demo.scenario.command import main

__all__ = ["main"]
