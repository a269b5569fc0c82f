//! The inspection 督查: visits, interviews, findings, photos.

use super::lists::{
    BYTES, CONTENT, FINDING_KIND, FINDING_STATE, LEVEL, METHOD, MIME, PIXELS, RANK, SEVERITY, SOURCE,
    SUBJECT_COLLECTION, TOPIC, VISIT_STATE,
};
use super::shared::{location, village};
use crate::fields::field::{Field, Kind, Rule, choice, date, flag, integer, reference, text, time};

const PHOTO_BYTES: i64 = 1 << 30;
const PHOTO_PIXELS: i64 = 1_000_000;
const FORM_VERSIONS: i64 = 2_147_483_647;

const fn visit() -> Field {
    reference("visit", "visits", "督查活动", "Visit")
}

const fn household() -> Field {
    reference("household", "households", "贫困户", "Household")
}

const fn level() -> Field {
    choice("level", LEVEL, "层级", "Level")
}

static PARTICIPANT: &[Field] = &[text("name", "姓名", "Name").searched(), choice("rank", RANK, "职级", "Rank")];

static SUBJECT: &[Field] = &[
    choice("collection", SUBJECT_COLLECTION, "记录类别", "Collection").required(),
    Field::new("id", Kind::Uuid(None), "记录编号", "Record").required(),
];

pub(super) static VISITS: &[Field] = &[
    reference("campaign", "campaigns", "督查行动", "Campaign").required(),
    reference("team", "teams", "督查组", "Team").required().rule(Rule::OwnTeam).doc(
        "督查组的设备不填时由服务器填写；督查组只能填本组",
        "Given by the server when a team's device leaves it out; a team may only name itself.",
    ),
    choice("method", METHOD, "督查方式", "Method").required(),
    level().required(),
    village(),
    household(),
    date("day", "日期", "Day").required().sorted(),
    time("started_at", "开始时间", "Started").sorted(),
    time("ended_at", "结束时间", "Ended"),
    location(),
    flag("mock_location", "是否模拟定位", "Mock location"),
    Field::new("participants", Kind::List(PARTICIPANT), "参加人员", "Participants").searched(),
    Field::new("sample_slot", Kind::Uuid(None), "抽样单元", "Drawn unit")
        .doc("抽样所得单元的编号", "Id of a drawn unit."),
    text("replacement_reason", "替换原因", "Reason for a replacement").searched(),
    text("summary", "督查小结", "Summary").searched(),
    choice("state", VISIT_STATE, "状态", "State"),
];

pub(super) static INTERVIEWS: &[Field] = &[
    visit().required(),
    level().required(),
    household(),
    village(),
    text("form", "问卷", "Form").required().column(),
    integer("form_version", FORM_VERSIONS, "问卷版本", "Version of the form").required(),
    text("respondent", "受访人", "Respondent").searched(),
    text("respondent_relation", "受访人与户主关系", "Respondent's relation to the head of household"),
    time("started_at", "开始时间", "Started").sorted(),
    time("ended_at", "结束时间", "Ended"),
    Field::new("answers", Kind::Answers, "答案", "Answers").doc(
        "逐项合并，传输时每项为 answers.<题目>；值为文本、数字、布尔值、空值或文本列表",
        "Merged entry by entry; on the wire each is answers.<key>. A value is a text, a number, a boolean, null or a \
         list of texts.",
    ),
];

pub(super) static FINDINGS: &[Field] = &[
    visit(),
    household(),
    village(),
    level().required(),
    choice("topic", TOPIC, "督查内容", "Topic").required(),
    choice("kind", FINDING_KIND, "类型", "Kind"),
    choice("severity", SEVERITY, "严重程度", "Severity"),
    text("title", "标题", "Title").required().searched(),
    text("detail", "详细情况", "Detail").searched(),
    text("responsible", "责任单位（人）", "Responsible").column().searched(),
    date("due_on", "整改期限", "Due").sorted(),
    choice("state", FINDING_STATE, "整改状态", "State").rule(Rule::OfficeOnly(&["verified", "closed"])).doc(
        "“已核实”和“已销号”由省、市（州）填写",
        "verified and closed are for the province and the prefectures to set.",
    ),
    text("rectification", "整改情况", "Rectification").searched(),
    date("rectified_on", "整改日期", "Rectified on").sorted(),
    text("verified_note", "核实说明", "Note of the verification").searched(),
];

pub(super) static PHOTOS: &[Field] = &[
    Field::new("subject", Kind::Object(SUBJECT), "拍摄对象", "Subject").required(),
    Field::new("sha256", Kind::Sha256, "内容校验值", "SHA-256 of the content").required(),
    integer("bytes", PHOTO_BYTES, "文件大小", "Size").unit(BYTES).required().sorted(),
    choice("mime", MIME, "图片格式", "Media type").required(),
    integer("width", PHOTO_PIXELS, "宽度", "Width").unit(PIXELS),
    integer("height", PHOTO_PIXELS, "高度", "Height").unit(PIXELS),
    time("taken_at", "拍摄时间", "Taken").sorted(),
    location(),
    choice("source", SOURCE, "来源", "Source"),
    text("caption", "说明", "Caption").searched(),
    choice("content", CONTENT, "内容状态", "State of the content").read_only(),
    Field::new("flags", Kind::Texts, "标记", "Flags").read_only(),
];
