//! The lists of allowed values, and the units.

use crate::fields::field::{Choice, Unit, measured_in, of};

pub(super) const YUAN: Unit = measured_in("yuan/year", "元/年", "yuan per year");
pub(super) const MU: Unit = measured_in("mu", "亩", "mu (1/15 hectare)");
pub(super) const KM: Unit = measured_in("km", "公里", "kilometres");
pub(super) const METRES: Unit = measured_in("m", "米", "metres");
pub(super) const SQUARE_METRES: Unit = measured_in("m2", "平方米", "square metres");
pub(super) const DEGREES: Unit = measured_in("deg", "度", "degrees");
pub(super) const PEOPLE: Unit = measured_in("people", "人", "people");
pub(super) const HOUSEHOLDS: Unit = measured_in("households", "户", "households");
pub(super) const MONTHS: Unit = measured_in("months", "月", "months");
pub(super) const BYTES: Unit = measured_in("bytes", "字节", "bytes");
pub(super) const PIXELS: Unit = measured_in("px", "像素", "pixels");

pub(super) static STANDARD: &[Choice] = &[
    of("national", "国家标准", "National standard"),
    of("provincial", "省定标准", "Provincial standard"),
    of("municipal", "市定标准", "Municipal standard"),
];

pub(super) static ATTRIBUTE: &[Choice] = &[
    of("general", "一般贫困户", "Ordinary poor household"),
    of("allowance", "低保户", "Household on the subsistence allowance"),
    of("five_guarantees", "五保户", "Household under the five guarantees"),
    of("allowance_poor", "低保贫困户", "Poor household on the subsistence allowance, able to work"),
];

pub(super) static STATUS: &[Choice] = &[
    of("poor", "在册", "On the register"),
    of("lifted", "脱贫", "Lifted out of poverty"),
    of("returned", "返贫", "Fallen back into poverty"),
    of("removed", "剔除", "Removed from the register"),
];

pub(super) static CAUSE: &[Choice] = &[
    of("illness", "因病", "Illness"),
    of("disability", "因残", "Disability"),
    of("schooling", "因学", "Cost of schooling"),
    of("disaster", "因灾", "Natural disaster"),
    of("land", "缺土地", "Lack of land"),
    of("water", "缺水", "Lack of water"),
    of("skills", "缺技术", "Lack of skills"),
    of("labour", "缺劳力", "Lack of labour"),
    of("funds", "缺资金", "Lack of funds"),
    of("transport", "交通条件落后", "Poor transport"),
    of("motivation", "自身发展动力不足", "Lack of motivation"),
    of("other", "其它", "Other"),
];

pub(super) static ROAD_KIND: &[Choice] = &[
    of("earth", "泥土", "Earth"),
    of("gravel", "砂石", "Gravel"),
    of("cement", "水泥", "Cement"),
    of("asphalt", "沥青", "Asphalt"),
];

pub(super) static HOUSING_GRADE: &[Choice] = &[
    of("A", "A级（安全）", "Grade A (safe)"),
    of("B", "B级（基本安全）", "Grade B (basically safe)"),
    of("C", "C级（局部危险）", "Grade C (dangerous in part)"),
    of("D", "D级（整栋危险）", "Grade D (dangerous throughout)"),
];

pub(super) static AFFILIATION: &[Choice] = &[
    of("provincial", "省直", "Provincial unit"),
    of("prefecture", "市直", "Prefecture unit"),
    of("county", "县直", "County unit"),
    of("township", "乡镇", "Township"),
    of("village", "村级", "Village"),
];

pub(super) static SEX: &[Choice] = &[of("male", "男", "Male"), of("female", "女", "Female")];

pub(super) static EDUCATION: &[Choice] = &[
    of("illiterate", "文盲或半文盲", "Illiterate or semi-literate"),
    of("primary", "小学", "Primary school"),
    of("junior", "初中", "Junior secondary school"),
    of("senior", "高中", "Senior secondary school"),
    of("college", "大专及以上", "College or above"),
];

pub(super) static STUDENT: &[Choice] = &[
    of("no", "非在校生", "Not at school"),
    of("preschool", "学前教育", "Preschool"),
    of("primary", "小学", "Primary school"),
    of("junior", "初中", "Junior secondary school"),
    of("senior", "普通高中", "Senior secondary school"),
    of("vocational", "中职", "Secondary vocational school"),
    of("college", "大专及以上", "College or above"),
    of("dropout", "辍学", "Dropped out"),
];

pub(super) static HEALTH: &[Choice] = &[
    of("healthy", "健康", "Healthy"),
    of("chronic", "长期慢性病", "Long-term chronic illness"),
    of("serious", "患有大病", "Serious illness"),
    of("disabled", "残疾", "Disabled"),
];

pub(super) static LABOUR: &[Choice] = &[
    of("ordinary", "普通劳动力", "Ordinary labourer"),
    of("skilled", "技能劳动力", "Skilled labourer"),
    of("lost", "丧失劳动力", "Lost the ability to work"),
    of("none", "无劳动力", "No ability to work"),
];

pub(super) static METHOD: &[Choice] = &[
    of("random_check", "随机抽查", "Random check"),
    of("site_visit", "实地察看", "Site visit"),
    of("symposium", "基层座谈", "Discussion with the grass roots"),
    of("document_review", "查阅资料", "Review of documents"),
    of("hearing", "听取汇报", "Hearing of reports"),
    of("feedback", "情况反馈", "Feedback of results"),
];

pub(super) static LEVEL: &[Choice] =
    &[of("household", "户", "Household"), of("village", "村", "Village"), of("county", "县", "County")];

pub(super) static AREA: &[Choice] = &[
    of("qinba", "秦巴山区", "Qinling–Daba Mountains"),
    of("wumeng", "乌蒙山区", "Wumeng Mountains"),
    of("liangshan_yi", "大小凉山彝区", "Yi region of the Greater and Lesser Liang Mountains"),
    of("plateau_tibetan", "高原藏区", "Tibetan region of the plateau"),
];

/// Stands for the area of counties that lie in none.
pub static OUTSIDE: Choice = of("outside", "片区外", "Outside these areas");

pub(super) static LEADS: &[Choice] = &[
    of("provincial", "省级督查", "Inspected by the province"),
    of("prefecture", "市（州）督查", "Inspected by the prefecture"),
];

pub(super) static RANK: &[Choice] = &[
    of("provincial", "省级", "Provincial leader"),
    of("department", "厅级", "Department level"),
    of("county", "县级", "County level"),
    of("staff", "工作人员", "Staff"),
];

pub(super) static VISIT_STATE: &[Choice] =
    &[of("planned", "已计划", "Planned"), of("done", "已完成", "Done"), of("void", "已作废", "Void")];

pub(super) static TOPIC: &[Choice] = &[
    of("decisions", "决策部署贯彻落实", "Carrying out of decisions"),
    of("plan_tasks", "规划任务落实", "Tasks of the plan"),
    of("targeted_practice", "精准扶贫做法成效", "Practice and effect of targeted poverty alleviation"),
    of("institutional_innovation", "体制机制创新", "Institutional innovation"),
    of("difficulties", "困难问题建议", "Difficulties, problems, suggestions"),
];

pub(super) static FINDING_KIND: &[Choice] = &[
    of("problem", "问题", "Problem"),
    of("difficulty", "困难", "Difficulty"),
    of("suggestion", "建议", "Suggestion"),
    of("good_practice", "经验做法", "Good practice"),
];

pub(super) static SEVERITY: &[Choice] =
    &[of("low", "轻微", "Low"), of("medium", "一般", "Medium"), of("high", "严重", "High")];

pub(super) static FINDING_STATE: &[Choice] = &[
    of("open", "待受理", "Open"),
    of("accepted", "已受理", "Accepted"),
    of("rectified", "已整改", "Rectified"),
    of("verified", "已核实", "Verified"),
    of("closed", "已销号", "Closed"),
    of("rejected", "不予受理", "Rejected"),
];

pub(super) static SUBJECT_COLLECTION: &[Choice] = &[
    of("households", "贫困户", "Poor household"),
    of("members", "家庭成员", "Household member"),
    of("villages", "行政村", "Village"),
    of("visits", "督查活动", "Visit"),
    of("interviews", "访谈记录", "Interview"),
    of("findings", "问题与建议", "Finding"),
    of("photos", "照片", "Photo"),
];

pub(super) static MIME: &[Choice] = &[
    of("image/jpeg", "JPEG 图片", "JPEG image"),
    of("image/png", "PNG 图片", "PNG image"),
    of("image/webp", "WebP 图片", "WebP image"),
    of("image/heic", "HEIC 图片", "HEIC image"),
];

pub(super) static SOURCE: &[Choice] = &[of("camera", "现场拍摄", "Camera"), of("gallery", "相册", "Gallery")];

pub(super) static CONTENT: &[Choice] = &[
    of("missing", "未上传", "Not uploaded yet"),
    of("stored", "已存储", "Stored"),
    of("mismatch", "与校验值不符", "Does not match the checksum"),
];

pub(super) static DATUM: &[Choice] = &[
    of("wgs84", "WGS-84 坐标系", "WGS-84"),
    of("gcj02", "GCJ-02 坐标系", "GCJ-02"),
    of("bd09", "BD-09 坐标系", "BD-09"),
];
