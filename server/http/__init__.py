"""The web's edge: routes with actions, sessions, same-origin checks, headers, problems, pages, languages."""
