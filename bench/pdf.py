"""
Bills as PDF: pages a second of processor time, everything from the rows to the file included.
"""

from typing import Final

from bench.figures import Figure
from bench.setting import Setting, computed

#: Pages a second of one core.
LEAST: Final = 50
#: Set before the measurement: fonts are read once a process, by whoever is first.
WARM: Final = 3


def measure(setting: Setting) -> None:
    """Set bills in turn in both languages; count their pages by what the PDF says of itself."""
    from invoicing.models import Bill
    from invoicing.queries import render_bill_pdf

    wanted = setting.options.pdfs
    bill_ids = list(Bill.objects.order_by("id").values_list("id", flat=True)[: wanted + WARM])
    if len(bill_ids) <= WARM:
        print("     pdf: no bills; they come with the part «bills»")
        return
    for bill_id in bill_ids[:WARM]:
        render_bill_pdf(bill_id)
    pages: list[int] = []

    def render() -> None:
        for place, bill_id in enumerate(bill_ids[WARM:]):
            pages.append(pages_of(render_bill_pdf(bill_id, ("ru", "en")[place % 2])))

    seconds = computed(render)
    rate = sum(pages) / seconds
    note = f"{len(pages)} bills, {sum(pages)} pages"
    setting.tell(Figure("pdf: pages by processor time", rate, "a second", least=LEAST, note=note))


def pages_of(pdf: bytes) -> int:
    """Return how many pages a PDF has."""
    return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page/") + pdf.count(b"/Type/Page/")
