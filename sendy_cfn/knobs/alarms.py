"""Parameters of a service's alarms: limits with their units, and how long they may be exceeded.

Those that stop a release are among the parameters of releases.
"""

from __future__ import annotations

from sendy_cfn.parameters import Knob

ALARMS = "Alarms of the running service"

# Numbers that templates hold and nobody sets.
RESTARTS_PERIOD = 600  # seconds in which restarts are counted
BAND_PERIODS = 3  # of five minutes in a row out of the band: noise of a minute is none

LOG_ERROR_PATTERN = Knob(
    name="LogErrorPattern",
    description="Filter pattern of log lines that are errors",
    group=ALARMS,
    label="Lines that are errors",
    default='{ $.level = "err*" || $.level = "ERR*" || $.level = "crit*" || $.level = "CRIT*" || $.level = "fatal" '
    '|| $.level = "FATAL" }',
    pattern=r"[ -~]{1,1024}",
    shape="a filter pattern of CloudWatch Logs, 1 to 1024 characters",
)
ALARM_LOG_ERRORS = Knob(
    name="AlarmLogErrors",
    description="Error lines per minute that may be logged; more stop a release",
    group=ALARMS,
    label="Error lines (per minute)",
    type="Number",
    default=10,
    minimum=0,
    maximum=1000000,
)
ALARM_CPU_PERCENT = Knob(
    name="AlarmCpuPercent",
    description="Percent of its CPU that the service may use, as a mean of its tasks",
    group=ALARMS,
    label="CPU (%)",
    type="Number",
    default=85,
    minimum=1,
    maximum=100,
)
ALARM_MEMORY_PERCENT = Knob(
    name="AlarmMemoryPercent",
    description="Percent of its memory that the service may use, as a mean of its tasks",
    group=ALARMS,
    label="Memory (%)",
    type="Number",
    default=85,
    minimum=1,
    maximum=100,
)
ALARM_BUSY_MINUTES = Knob(
    name="AlarmBusyMinutes",
    description="Minutes in a row that CPU or memory may be above its limit",
    group=ALARMS,
    label="Busy until alarm (min)",
    type="Number",
    default=15,
    minimum=1,
    maximum=60,
)
ALARM_RESTARTS = Knob(
    name="AlarmRestarts",
    description="Tasks that may end by themselves or fail to start within 10 minutes",
    group=ALARMS,
    label="Restarts (in 10 min)",
    type="Number",
    default=2,
    minimum=0,
    maximum=1000,
)
BAND_WIDTH = Knob(
    name="BandWidth",
    description="Standard deviations that requests and latency may be away from what AWS expects at that hour",
    group=ALARMS,
    label="Width of the band (deviations)",
    type="Number",
    default=3,
    minimum=1,
    maximum=10,
)

KNOBS = (
    LOG_ERROR_PATTERN, ALARM_LOG_ERRORS, ALARM_CPU_PERCENT, ALARM_MEMORY_PERCENT, ALARM_BUSY_MINUTES, ALARM_RESTARTS,
    BAND_WIDTH,
)  # fmt: skip
