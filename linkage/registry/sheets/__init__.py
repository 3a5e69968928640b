"""Sheets: the registry from and to CSV and XLSX, as clerks keep it.

A file is read (`reading`, `csv_file`, `xlsx_file`), its headings are recognised (`headings`,
`recognising`), every row is checked against what is registered (`planning` and its parts, pure),
and what follows is written all or nothing (`applying`). `importing` is that whole way;
`exporting` the way back.
"""
