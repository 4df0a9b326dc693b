"""pages: HTML files that need neither a network nor another file.

What the report of a run, that of a dedup, and pages to come have in common: the frame with its
style, escaping, charts, pictures. It knows no stage.
"""

from fastpass.pages.html import render_page
from fastpass.pages.thumbnails import Picture, data_uri, jpeg_thumbnail, png_uri

__all__ = ["Picture", "data_uri", "jpeg_thumbnail", "png_uri", "render_page"]
