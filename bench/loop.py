"""
The product beside a loop that prices one call at a time through the ORM, as plain projects do.

It goes last: its rows are no batch of the product's, and would be put in order by the next one.
"""

from bench import orm_loop
from bench.figures import Figure
from bench.generate import Job, write_files
from bench.setting import DAY, Setting


def measure(setting: Setting) -> None:
    """Price some calls of a night one by one."""
    options, count = setting.options, setting.options.loop
    job = Job(
        setting.folder / "loop", 2 * count, options.subscribers, DAY,
        seed=5, files=1, calls=1.0, prefixes=options.prefixes,
    )  # fmt: skip
    write_files(job)
    rate = count / orm_loop.price_slice(job.folder, count)
    setting.tell(Figure("per-row ORM loop", rate, "records/s"))
    if "load" in setting.rates:
        multiple = setting.rates["load"] / rate
        setting.tell(Figure("load to the ORM loop", multiple, "times", least=1_000))
