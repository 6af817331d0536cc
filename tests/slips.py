"""What a bank's application reads from a printed page."""

import pypdfium2
import zxingcpp

#: Dots per inch of a plain printer.
SCALE = 150 / 72


def codes_on(pdf: bytes) -> list[str]:
    """The texts of the QR codes on the pages of a PDF, as pictures of them say."""
    document = pypdfium2.PdfDocument(pdf)
    pictures = [page.render(scale=SCALE).to_numpy() for page in document]
    return [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)]


def text_of(pdf: bytes) -> str:
    """The text of a PDF, its blanks all alike."""
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in document)
