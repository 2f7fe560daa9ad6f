{% autoescape off %}// Written by the server: which files the desk's page needs, and the code that keeps them.
const VERSION = "{{ version }}";
const SHELL = "{{ shell }}";
const FILES = [{% for file in files %}"{{ file }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
importScripts("{{ script }}");
{% endautoescape %}
