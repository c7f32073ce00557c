"""Makes the sheets in this directory, as offices keep them. All people, places and numbers are invented.

    pip install openpyxl xlwt msoffcrypto-tool && python make.py

The files are committed; run this only to change them.
"""

import datetime
import io
import pathlib
import zipfile

import msoffcrypto.format.ooxml
import openpyxl
import xlwt
from openpyxl.styles import Alignment, Font

HERE = pathlib.Path(__file__).parent
BAD = HERE / "bad"
DAY = datetime.datetime(2025, 6, 30)

UNIT = "云溪区发改委"
SECTIONS = ["综合科", "投资科", "产业科", "价格科"]

# 姓名, 性别, 科室, 任职类别, 职务, 出生, 新入职, 骨干
PEOPLE = [
    ("方远舟", "男", "", "主要负责同志", "主任", (1971, 4, 12), "否", "是"),
    ("柳如川", "女", "", "班子成员", "副主任", (1975, 9, 3), "否", "是"),
    ("石守拙", "男", "", "班子成员", "副主任", (1977, 1, 25), "否", "是"),
    ("叶知行", "男", "综合科", "科室负责人", "科长", (1982, 6, 8), "否", "是"),
    ("江采薇", "女", "综合科", "普通干部", "一级科员", (1993, 10, 1), "否", "否"),
    ("陶小满", "女", "综合科", "普通干部", "科员", (1999, 5, 21), "是", "否"),
    ("卫长风", "男", "投资科", "科室负责人", "科长", (1980, 12, 30), "否", "是"),
    ("李同", "男", "投资科", "普通干部", "四级主任科员", (1989, 3, 15), "否", "是"),
    ("苏映雪", "女", "投资科", "普通干部", "科员", (1996, 2, 29), "否", "否"),
    ("钟鸣岐", "男", "产业科", "科室负责人", "科长", (1984, 7, 7), "否", "是"),
    ("白露明", "女", "产业科", "普通干部", "一级科员", (1994, 11, 18), "否", "否"),
    ("何砚秋", "男", "产业科", "普通干部", "科员", (1998, 8, 9), "是", "否"),
    ("秦未央", "女", "价格科", "科室负责人", "副科长", (1986, 10, 10), "否", "是"),
    ("李同", "女", "价格科", "普通干部", "科员", (1997, 6, 6), "否", "否"),
    ("杜若衡", "男", "价格科", "普通干部", "一级科员", (1991, 1, 2), "否", "否"),
    ("孟春生", "男", "价格科", "普通干部", "科员", (1995, 12, 5), "否", "否"),
]


def id_number(born, n):
    """An 18-digit number of a district code that does not exist (999900)."""
    first = "999900%04d%02d%02d%03d" % (*born, n)
    return first + "10X98765432"[sum(int(d) * 2 ** (17 - i) for i, d in enumerate(first)) % 11]


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def date_as_kept(day, form):
    """The same day in the forms met in offices."""
    y, m, d = day
    return [
        datetime.date(y, m, d),
        "%04d.%02d" % (y, m),
        "%04d年%d月%d日" % day,
        "%04d/%d/%d" % day,
        "%04d%02d%02d" % day,
        full_width("%04d-%02d-%02d" % day),
        int("%04d%02d%02d" % day),
    ][form % 7]


def book(title, widths):
    wb = openpyxl.Workbook()
    ws = wb.active
    ws.title = title
    for column, width in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", widths):
        ws.column_dimensions[column].width = width
    return wb, ws


def titled(ws, rows, width):
    """Merged title rows; returns the next row."""
    for i, text in enumerate(rows, 1):
        ws.cell(i, 1, text).font = Font(bold=True, size=16 if i == 1 else 10)
        ws.cell(i, 1).alignment = Alignment(horizontal="center")
        ws.merge_cells(start_row=i, start_column=1, end_row=i, end_column=width)
    return len(rows) + 1


def save(wb, path):
    wb.properties.creator = ""
    wb.properties.created = wb.properties.modified = DAY
    buffer = io.BytesIO()
    wb.save(buffer)
    rezip(buffer.getvalue(), path)


def rezip(data, path):
    """The same parts with one fixed time, so that a second run gives the same bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "docProps/core.xml":
                begin, end = body.index(b"<dcterms:modified"), body.index(b"</dcterms:modified>") + 19
                body = body[:begin] + body[end:]
            put(new, name, body)


def put(archive, name, body):
    archive.writestr(zipfile.ZipInfo(name, (2025, 6, 30, 0, 0, 0)), body, zipfile.ZIP_DEFLATED)


def units():
    rows = ["编号,名称,层级,上级单位,设立日期", f"YX,{UNIT},区县,,2001-01-01"]
    rows += [f"YX-{i:02d},{s},科室,{UNIT},2001.01.01" for i, s in enumerate(SECTIONS, 1)]
    (HERE / "unit.csv").write_bytes(("\ufeff" + "\r\n".join(rows) + "\r\n").encode())


def roster():
    heads = ["序号", "所属单位", "科室(内设机构)", "人员编号", "姓  名", "性别", "出生\n年月", "公民身份号码", "任职类别", "职务",
             "任现职务时间", "全日制教育\n学历", "学位", "在职教育学历", "学位", "参加工作时间", "是否新入职", "是否业务骨干", "联系电话", "备注"]
    wb, ws = book("花名册", [6, 18, 14, 10, 10, 6, 14, 22] + [12] * 12)
    row = titled(ws, ["云溪区发展和改革委员会干部花名册", "填报时间：2025年6月30日        单位：人"], len(heads))
    for i, head in enumerate(heads, 1):
        ws.cell(row, i, head).alignment = Alignment(wrap_text=True)
    row += 1
    first = row
    for n, (name, sex, section, duty, post, born, new, backbone) in enumerate(PEOPLE, 1):
        identity = id_number(born, 100 + n * 2 + (sex == "男"))
        since = (2012 + n % 12, 1 + n % 12, 1 + n)
        phone = 13900000000 + n if n % 2 else full_width("139%08d" % n)
        values = [n, UNIT if n == 1 else None, section or None, "RY%03d" % n, name, sex, date_as_kept(born, n), identity, duty, post,
                  date_as_kept(since, n + 3), "大学本科", "学士", "研究生" if n % 3 == 0 else None, "硕士" if n % 3 == 0 else None,
                  datetime.date(born[0] + 23, 7, 1), new, "√" if backbone == "是" else "×", phone, "／" if n == 4 else None]
        if n in (9, 15):
            values[7] = int(identity[:17] + "0")  # typed as a number: the last digits are gone
        for i, value in enumerate(values, 1):
            cell = ws.cell(row, i, value)
            if isinstance(value, datetime.date):
                cell.number_format = 'yyyy"年"m"月"d"日"'
        row += 2 if n == 7 else 1  # a blank row in the middle
    ws.merge_cells(start_row=first, start_column=2, end_row=row - 1, end_column=2)
    row += 1
    ws.cell(row, 1, "合　计")
    ws.cell(row, 5, "%d人" % len(PEOPLE))
    ws.cell(row + 1, 1, "填表人：江采薇")
    ws.cell(row + 1, 8, "审核人：叶知行")
    save(wb, HERE / "roster.xlsx")


PAIRS = [  # 编号, 导师, 帮带对象, 结对, 计划结束, 终止
    ("YX-JD-1", "叶知行", "江采薇", (2025, 1, 6), (2025, 12, 31), None),
    ("YX-JD-2", "方远舟", "陶小满", (2025, 1, 6), (2025, 12, 31), None),
    ("YX-JD-3", "李同（RY008）", "白露明", (2025, 3, 16), (2026, 3, 15), None),
    ("YX-JD-4", "钟鸣岐", "何砚秋", (2025, 2, 1), (2025, 12, 31), (2025, 5, 31)),
    ("YX-JD-5", "秦未央", "李同（RY014）", (2025, 2, 17), (2025, 12, 31), None),
]


def mentor_pairs():
    heads = ["序号", "结对编号", "单位", "导师姓名", "导师职务/职级", "帮带对象姓名", "结对日期", "计划结束日期", "实际结束日期", "终止原因", "备  注"]
    wb, ws = book("结对表", [6, 12, 18, 14, 14, 16, 14, 14, 14, 10, 16])
    row = titled(ws, ["云溪区发改委导师帮带结对台账", "（2025年）"], len(heads))
    for i, head in enumerate(heads, 1):
        ws.cell(row, i, head)
    for n, (code, mentor, mentee, start, planned, ended) in enumerate(PAIRS, 1):
        row += 1
        values = [n, code, UNIT, mentor, "科长", mentee, date_as_kept(start, n + 1), date_as_kept(planned, n + 2),
                  date_as_kept(ended, 3) if ended else "至今", "中止" if ended else "", "调整分工" if ended else ""]
        for i, value in enumerate(values, 1):
            if value != "":
                ws.cell(row, i, value)
    ws.cell(row + 2, 1, "总计：5对")
    save(wb, HERE / "mentor_pair.xlsx")


def guidance():
    """Kept in an old system that writes GB18030 with CRLF; a quoted cell with a comma and one with a line end."""
    rows = ["云溪区发改委导师指导记录", "", "序号,结对编号,指导日期,指导方式,内容类别,指导要点,帮带对象确认"]
    n = 0
    for code, _, _, start, _, ended in PAIRS:
        for month in range(start[1], 7):
            for day in (8, 22):
                if (month, day) < start[1:] or (ended and (month, day) > ended[1:]) or (code, month) == ("YX-JD-5", 4):
                    continue
                n += 1
                date = ["2025-%02d-%02d", "2025.%d.%d", "2025年%d月%d日", "2025/%d/%d"][n % 4] % (month, day)
                confirmed = "" if n == 11 else "2025-%02d-%02d" % (month, day + 1)
                point = ['"立项材料, 逐条过"', '"可研报告\r\n第二章"', "公文格式", "项目评审要点"][n % 4]
                rows.append(f"{n},{code},{date},{['面谈', '现场'][n % 2]},{['政策解读', '项目评审', '公文写作'][n % 3]},{point},{confirmed}")
    rows.append(f"合计,{n}次,,,,,")
    (HERE / "guidance_gb18030.csv").write_bytes(("\r\n".join(rows) + "\r\n").encode("gb18030"))


def talks():
    heads = ["序号", "年度", "谈话类型", "谈话人", "谈话对象", "对象单位", "谈话日期", "地点", "谈话要点", "对象表态"]
    wb, ws = book("谈话记录", [6, 8, 10, 12, 12, 18, 16, 12, 30, 16])
    row = titled(ws, ["云溪区发改委廉政谈话记录表"], len(heads))
    for i, head in enumerate(heads, 1):
        ws.cell(row, i, head)
    chief, deputies = "方远舟", ["柳如川", "石守拙"]
    heads_of = ["叶知行", "卫长风", "钟鸣岐", "秦未央"]
    talks = [(chief, d, (2025, m, 10)) for d in deputies for m in (3, 6)]
    talks += [(deputies[i % 2], h, (2025, m, 12)) for i, h in enumerate(heads_of) for m in (2, 5)]
    talks += [("叶知行", p, (2025, m, 15)) for p in ("江采薇", "陶小满") for m in (1, 4)]
    for n, (talker, listener, day) in enumerate(talks, 1):
        row += 1
        values = [n, 2025, "例行", talker, listener, UNIT, date_as_kept(day, 0 if n % 2 else 2), "谈话室", "岗位廉政风险提醒", "表示认真落实"]
        for i, value in enumerate(values, 1):
            ws.cell(row, i, value)
        if n == 6:
            row += 1  # blank
    for i, head in enumerate(heads, 1):
        ws.cell(row + 1, i, head)  # the header again, as at a page break
    ws.cell(row + 2, 1, "合计")
    ws.cell(row + 2, 3, "%d次" % len(talks))
    save(wb, HERE / "talk.xlsx")


def budget():
    heads = ["年度", "单位", "预算科目", "预算（万元）", "批复日期", "批复文号", "核定人数"]
    wb, ws = book("经费", [8, 18, 12, 14, 14, 22, 10])
    row = titled(ws, ["云溪区发改委2025年经费台账"], len(heads))
    for i, head in enumerate(heads, 1):
        ws.cell(row, i, head)
    for values in ([2025, UNIT, "培训经费", 8.35, datetime.date(2025, 1, 20), "云财预〔2025〕3号", 16],
                   ["2025年", UNIT, "其他", "1,2.5", "2025.1.20", "云财预〔2025〕3号", "１６"],
                   [2025, UNIT, "其他", "１２．５", "2025-02-18", "云财预〔2025〕9号", "１６"]):
        row += 1
        for i, value in enumerate(values, 1):
            ws.cell(row, i, value)
    ws.cell(row + 1, 1, "小计")
    ws.cell(row + 1, 4, "=SUM(D3:D5)")
    save(wb, HERE / "budget.xlsx")


def bad():
    BAD.mkdir(exist_ok=True)
    old = xlwt.Workbook()
    sheet = old.add_sheet("花名册")
    for i, head in enumerate(["姓名", "单位"]):
        sheet.write(0, i, head)
    old.save(str(BAD / "xls_named.xlsx"))

    roster_bytes = (HERE / "roster.xlsx").read_bytes()
    (BAD / "cut.xlsx").write_bytes(roster_bytes[: len(roster_bytes) // 2])

    locked = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO((HERE / "budget.xlsx").read_bytes())).encrypt("secret", locked)
    if not (BAD / "password.xlsx").exists():  # the salt is random
        (BAD / "password.xlsx").write_bytes(locked.getvalue())

    crafted("bomb.xlsx", "xl/sharedStrings.xml", b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + b"<si><t>x</t></si>" * 6_200_000)
    crafted("unique_count.xlsx", "xl/sharedStrings.xml", b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1" uniqueCount="900000000000000000"></sst>')
    far = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    crafted("far_cell.xlsx", "xl/worksheets/sheet1.xml", far)

    wb, ws = book("指标", [12] * 4)
    for values in (["谈话类型", "谈话人", "谈话对象", "谈话日期"], ["例行", "方远舟", "柳如川", datetime.date(2025, 3, 10)], ["例行", "方远舟", "石守拙", None]):
        ws.append(values)
    ws["D3"].value = "#DIV/0!"
    ws["D3"].data_type = "e"
    save(wb, BAD / "formula_error.xlsx")

    wb, ws = book("库存", [12] * 3)
    for values in (["商品", "数量", "单价"], ["铅笔", 3, 1.5]):
        ws.append(values)
    save(wb, BAD / "wrong_header.xlsx")


def crafted(name, part, body):
    """The budget workbook with one part replaced."""
    with zipfile.ZipFile(HERE / "budget.xlsx") as old, zipfile.ZipFile(BAD / name, "w", zipfile.ZIP_DEFLATED) as new:
        for kept in old.namelist():
            if kept != part:
                put(new, kept, old.read(kept))
        put(new, part, body)


units()
roster()
mentor_pairs()
guidance()
talks()
budget()
bad()
