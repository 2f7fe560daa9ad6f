"""The demonstration district: invented people, the district's real catalogue.

Everything is made through the services, at the times it would have happened.
"""
