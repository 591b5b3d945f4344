"""Parallelism under a resource budget: greedy policies and the exact optimum, for any operators."""

from siliconbert.schedule import reports
from siliconbert.schedule.allocate import allocate
from siliconbert.schedule.choices import Choices
from siliconbert.schedule.fq_bert import FqBertPlan, plan_fq_bert
from siliconbert.schedule.network import Network, network, networks
from siliconbert.schedule.plan import Plan
from siliconbert.schedule.solution import Solution
from siliconbert.schedule.solve import OBJECTIVES, POLICIES, solve

__all__ = [
    "OBJECTIVES",
    "POLICIES",
    "Choices",
    "FqBertPlan",
    "Network",
    "Plan",
    "Solution",
    "allocate",
    "network",
    "networks",
    "plan_fq_bert",
    "reports",
    "solve",
]
