"""A finished edition of the sample holdings: fishermen of Dongji who saved prisoners of war, October 1942.

The event is real; persons, papers and numbers are the samples', invented (corpus_samples/README.md).
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw

from curation.edition import Edition, Entry, Exhibit, Outside, Picture, Quotation, Section, fitted

TRUTH = Path(__file__).parents[2] / "corpus_samples" / "truth.jsonl"
#: Pixels of a sample's page, as the samples draw most.
SIZE = (1092, 1536)
REPORT, ORDER = "990001:M003-1-10-2", "990001:M003-1-10-6"
TALK, LETTER, PHOTO = "990001:J045-2-33-2", "990001:J045-2-33-3", "990001:P001-ZP-0007"
#: What a visitor reads that a browser or a program might take for something else.
HOSTILE = '=HYPERLINK("http://x.test")<script>alert(1)</script> & “引文”'


@cache
def page_text(record_id: str, page: int) -> str:
    """What the sample's page says, as it was drawn."""
    code = record_id.partition(":")[2]
    rows = map(json.loads, TRUTH.read_text("utf-8").splitlines())
    return next(str(r["text"]) for r in rows if (r["reference_code"], r["page"]) == (code, page))


def edition(*, slug: str = "dongji-1942", number: int = 1) -> Edition:
    return Edition(
        slug=slug,
        number=number,
        title="风急流涌，救人要紧",
        subtitle="东极渔民营救“里斯本丸”落海者档案展",
        lead=(
            "一九四二年十月二日，运送英国战俘的日本轮船“里斯本丸”在东极洋面沉没。青浜、庙子湖的渔民摇着小舢板，"
            "从海里救起三百八十四人。\n本展选自馆藏民国县政府、解放后县人民政府文书与老照片，让当年的呈文、"
            "四十年后的座谈与一张合影互相印证；所述不一之处，分别照录。"
        ),
        sections=(_sea(), _island(), _after()),
        organisers=("蓬屿市档案馆（样例）", "东极乡村史馆（样例）"),
        curators=("编研员甲（样例）", "编研员乙（样例）"),
        made_on="2026-11-20",
        editorial=(
            "一、本编所收，均为本馆开放档案，按形成时间先后排列，每件注明档号。",
            "二、释文照录原文，繁体字、异体字改用通行简体；原有错字不改，其后以〔〕注正字；残缺或不能辨认的字以□代之。",
            "三、原文无标点者，由编者加标点；编者所加的字置于〔〕内。",
        ),
        chronology=(
            Entry("1942-10-02", "1942年10月2日", "“里斯本丸”在东极洋面沉没，两岛渔船出海捞救，自午至夜半。", "M003-1-10-2", REPORT),
            Entry("1942-10-03", "1942年10月3日", "敌舰围岛搜查，三百八十一人被押去；三人匿于青浜山后小石洞。", "M003-1-10-2", REPORT),
            Entry("1948-05-04", "1948年5月4日", "定海县政府训令东极乡公所查报出力渔民。", "M003-1-10-6", ORDER),
            Entry("1962-04", "1962年4月", "县文化馆在青浜南岙为参加营救的老渔民合影。", "P001-ZP-0007", PHOTO),
            Entry("1984-10-27", "1984年10月27日", "青浜岛老渔民九人座谈营救经过。", "J045-2-33-2", TALK),
        ),
        address="https://exhibitions.example/dongji-1942",
    )  # fmt: skip


def _sea() -> Section:
    said = (
        "东极联保办事处主任在出事十六天后写给县长的呈文，是目前所见最早记述这次营救的档案。呈文说渔民起初疑为敌兵，"
        "见落水者互相扶持、呼号求救，才知是落难洋人；渔民沈阿桂首先解缆，两岛渔船相率出海，往返捞救，自午至夜半乃止。"
    )
    return Section(
        "sea",
        "海上",
        "船尾下沉，海面浮人无数，随潮向青浜、庙子湖两岛漂来。",
        (
            _exhibit(
                "report", "東極青浜廟子湖漁民救護英籍戰俘經過的報告", REPORT, "民國三十一年十月十八日", "1942-10-18", said,
                quotation=Quotation("漁民沈阿桂首先解纜，高呼救人要緊，兩島漁船遂相率\n出海，往返撈救，自午至夜半乃止。", REPORT, 1),
                pages=(1, 2, 3), creators=("東極聯保辦事處",), genre="報告", fonds="定海縣政府",
                notes=("农历八月二十三日即公历十月二日。", "呈文所记人数与后来各种说法不一，此处照录。"),
            ),
        ),
        wanted="当日出海的舢板、木桨、橹绳，或记有船名、姓名的单据。",
    )  # fmt: skip


def _island() -> Section:
    talk = (
        "四十二年后，青浜岛九位老渔民在村委会楼上座谈。翁根宝起初以为海里漂来的是花布；赵筱云的舢板平时坐四个人，"
        "那天一趟装九个，来回五趟，橹绳断了用裤带接上。整理人把各人说法不一的地方分别照录，没有替他们凑对。"
    )
    photo = (
        "一九六二年四月风大，县文化馆在青浜岛南岙石屋前照了三次才成。三位老渔民说，那年秋天海上漂满木板和人，"
        "小舢板来回划了一夜，不认得的话用手比。立者手中的马灯当夜点到油干；照完，他们不肯收照相钱。"
    )
    lamp = (
        "渔船夜间挂在桅上的马灯，玻璃罩有裂，提梁用铁丝缠过。据保管者讲，是祖父出海时所用。借展期间由档案馆与保管者"
        "共同开箱点交，照度不超过五十勒克斯；没有证据说明它就是合影中的那一盏，展出时不作此说明，只作同时代的实物参照。"
    )
    return Section(
        "island",
        "岛上",
        "岛上素不产米，渔妇以晒番薯干、淡菜煮粥；各家灶间皆燃柴烘火。",
        (
            _exhibit(
                "talk", "青浜岛老渔民座谈“里斯本丸”营救经过记录", TALK, "1984年10月27日", "1984-10-27", talk,
                quotation=Quotation("来回五趟，橹绳断了用裤带接上。", TALK, 1),
                pages=(1, 2), creators=("定海县文史资料征集组",), genre="座谈记录", fonds="定海县人民政府",
            ),
            _exhibit(
                "photo", "青浜岛参与救护里斯本丸落海者的老渔民合影", PHOTO, "1962年4月", "1962-04-01", photo,
                pages=(1,), creators=("华留影",), genre="照片", medium="黑白照片", fonds="照片", size="12 × 9 厘米",
                rights="摄影：县文化馆。人物肖像经家属同意。", landscape=True, transcribed=False,
            ),
            Exhibit(
                key="lamp", title="马灯", date="约20世纪40年代", date_from="", date_to="", label=lamp, medium="铁皮、玻璃",
                size="高 26 厘米", rights=HOSTILE,
                outside=Outside("private", "东极居民丙（样例）", "借-003", "2026年借展协议第3号"),
            ),
        ),
    )  # fmt: skip


def _after() -> Section:
    order = (
        "抗战胜利后，英国领事馆来函希望酬谢出力渔民，县政府训令东极乡公所查报姓名。乡公所先行查得一百零九人，"
        "并转述渔民的话：当时但知救人，未尝望报。训令提到原名单已于沦陷期内散失，这份档案因此成为追寻姓名的重要线索。"
    )
    letter = (
        "一位英国老兵写给岛上朋友的信，馆藏为译文。他已七十岁，不能远行，记得一只小船向他划来，一位老人把烟斗放进他嘴里，"
        "虽然烟已经湿了；他问岛上那棵歪向东面的小松树是否还在。随信寄来十镑，给岛上小学买铅笔，不算酬谢。"
    )
    return Section(
        "after",
        "后来",
        "银钱分到各户，旋即用尽；倘蒙见惠，愿得机帆船一艘，为四岛载客运货、救护遇险之用。",
        (
            _exhibit(
                "order", "定海縣政府為查報救護英俘出力漁民姓名以憑轉請嘉獎致東極鄉公所令", ORDER, "民國三十七年五月四日",
                "1948-05-04", order, quotation=Quotation("當時但知救人，未嘗\n望報", ORDER, 2), pages=(1, 2),
                creators=("定海縣政府", "東極鄉公所"), genre="令", fonds="定海縣政府",
            ),
            _exhibit(
                "letter", "英国老兵来信（译文）", LETTER, "1985年11月", "1985-11-01", letter, pages=(), fonds="定海县人民政府",
                creators=("R. H.",), genre="信函",
            ),
        ),
    )  # fmt: skip


def _exhibit(
    key: str,
    title: str,
    record_id: str,
    date: str,
    day: str,
    label: str,
    *,
    pages: Sequence[int],
    landscape: bool = False,
    transcribed: bool = True,
    **more: object,
) -> Exhibit:
    assert 80 <= len(label) <= 150, (key, len(label))
    width, height = SIZE[::-1] if landscape else SIZE
    pictures = tuple(Picture(record_id, n, width, height, f"{title}，第 {n} 页原件扫描") for n in pages)
    said: dict[str, object] = {
        "archive": "蓬屿市档案馆（样例）",
        "medium": "纸质",
        "transcription": tuple(page_text(record_id, n) for n in pages) if transcribed else (),
    }
    code = record_id.partition(":")[2]
    return Exhibit(key, title, date, day, day, label, record_id, code, pictures=pictures, **(said | more))  # type: ignore[arg-type]


class DrawnPictures:
    """Pictures of no archive: a sheet with its name, in the size asked for. asked: how often."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []

    def jpeg(self, picture: Picture, *, longest: int) -> bytes:
        self.asked.append((picture.record_id, picture.page, longest))
        image = Image.new("RGB", fitted(picture.width, picture.height, longest), (233, 224, 205))
        ImageDraw.Draw(image).text((20, 20), f"{picture.record_id} {picture.page}", fill=(60, 40, 30))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=70)
        return out.getvalue()
