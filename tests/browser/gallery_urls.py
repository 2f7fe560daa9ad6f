"""The product's addresses with the gallery of pieces, which only the demo and DEBUG serve."""

from django.urls import path

from config import gallery
from config.urls import urlpatterns as product

urlpatterns = [
    *product,
    path("gallery/", gallery.show),
    path("gallery/confirm/", gallery.show_confirm),
    path("gallery/desk/", gallery.show_desk),
    path("gallery/print/", gallery.show_print),
]
