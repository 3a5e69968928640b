"""The routes, one file per noun; `linkage.web.app` puts them together."""
