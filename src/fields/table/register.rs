//! The register 建档立卡: households, their members, villages.

use super::lists::{
    AFFILIATION, ATTRIBUTE, CAUSE, EDUCATION, HEALTH, HOUSEHOLDS as UNIT_HOUSEHOLDS, HOUSING_GRADE, KM, LABOUR, MONTHS,
    MU, PEOPLE, ROAD_KIND, SEX, SQUARE_METRES, STANDARD, STATUS, STUDENT, YUAN,
};
use super::shared::{location, remarks, village};
use crate::fields::field::{Field, Kind, Rule, choice, date, flag, integer, number, reference, text};

/// A household's yearly money: generous, to catch slips of the hand and nothing else.
const HOUSEHOLD_YUAN: f64 = 1e9;
const VILLAGE_YUAN: f64 = 1e11;
/// The largest county of Sichuan has some 40 million mu.
const AREA_MU: f64 = 1e6;
const DISTANCE_KM: f64 = 10_000.0;
const HOUSEHOLD_PEOPLE: i64 = 1_000;
const VILLAGE_PEOPLE: i64 = 10_000_000;

const fn income(name: &'static str, zh: &'static str, en: &'static str) -> Field {
    number(name, HOUSEHOLD_YUAN, zh, en).unit(YUAN)
}

/// Money that a bad year makes negative.
const fn net_income(name: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field::new(name, Kind::Number { min: -HOUSEHOLD_YUAN, max: HOUSEHOLD_YUAN }, zh, en).unit(YUAN)
}

const fn area(name: &'static str, zh: &'static str, en: &'static str) -> Field {
    number(name, AREA_MU, zh, en).unit(MU)
}

const fn village_people(name: &'static str, zh: &'static str, en: &'static str) -> Field {
    integer(name, VILLAGE_PEOPLE, zh, en).unit(PEOPLE)
}

const fn village_households(name: &'static str, zh: &'static str, en: &'static str) -> Field {
    integer(name, VILLAGE_PEOPLE, zh, en).unit(UNIT_HOUSEHOLDS)
}

static HELPER: &[Field] = &[
    text("name", "姓名", "Name").searched(),
    text("unit", "单位", "Unit").searched(),
    choice("affiliation", AFFILIATION, "隶属关系", "Affiliation"),
    text("phone", "联系电话", "Telephone").personal(),
    date("from", "帮扶开始日期", "From"),
    date("to", "帮扶结束日期", "To"),
];

pub(super) static HOUSEHOLDS: &[Field] = &[
    village().required().sorted(),
    text("registry_no", "户编号", "Register number")
        .doc("原样保存，不作解释", "Kept as given, not interpreted.")
        .column(),
    text("group_name", "村民小组", "Villagers' group").column().searched(),
    text("head_name", "户主", "Head of household").required().searched(),
    text("phone", "联系电话", "Telephone").personal(),
    choice("standard", STANDARD, "识别标准", "Standard of identification"),
    choice("attribute", ATTRIBUTE, "贫困户属性", "Category of poor household"),
    choice("status", STATUS, "贫困状态", "Status"),
    Field::new("status_year", Kind::Integer { min: 1949, max: 2099 }, "状态年度", "Year of the status"),
    choice("cause_main", CAUSE, "主要致贫原因", "Main cause of poverty"),
    Field::new("causes_other", Kind::Choices { of: CAUSE, max: 2 }, "其他致贫原因", "Other causes of poverty"),
    integer("people", HOUSEHOLD_PEOPLE, "人口", "Number of people").unit(PEOPLE).sorted(),
    integer("labourers", HOUSEHOLD_PEOPLE, "劳动力人数", "Number of labourers").unit(PEOPLE),
    income("income_wage", "工资性收入", "Income from wages"),
    net_income("income_business", "生产经营性收入", "Income from business"),
    income("income_transfer", "转移性收入", "Income from transfers"),
    income("income_property", "财产性收入", "Income from property"),
    income("production_cost", "生产经营性支出", "Cost of production"),
    net_income("income_per_capita", "人均纯收入", "Net income per person").sorted(),
    area("arable_mu", "耕地面积", "Arable land"),
    area("irrigated_mu", "有效灌溉面积", "Irrigated land"),
    area("forest_mu", "林地面积", "Forest"),
    area("returned_forest_mu", "退耕还林", "Farmland returned to forest"),
    area("orchard_mu", "林果面积", "Orchards"),
    area("pasture_mu", "牧草地面积", "Pasture"),
    flag("cooperative", "是否加入农民专业合作社", "Member of a farmers' cooperative"),
    flag("electricity_living", "是否通生活用电", "Electricity for living"),
    flag("electricity_production", "是否通生产用电", "Electricity for production"),
    flag("broadcast_tv", "是否通广播电视", "Radio and television"),
    number("road_km", DISTANCE_KM, "与村主干路距离", "Distance to the village's main road").unit(KM),
    choice("road_kind", ROAD_KIND, "入户路类型", "Kind of road to the house"),
    number("housing_m2", 100_000.0, "住房面积", "Living space").unit(SQUARE_METRES),
    flag("housing_dangerous", "是否危房", "Dangerous housing"),
    choice("housing_grade", HOUSING_GRADE, "危房等级", "Grade of the housing"),
    flag("toilet_sanitary", "有无卫生厕所", "Sanitary toilet"),
    flag("water_difficult", "饮水是否困难", "Drinking water hard to come by"),
    flag("water_safe", "饮水是否安全", "Drinking water safe"),
    text("fuel", "主要燃料类型", "Main fuel"),
    flag("relocation", "易地搬迁", "Relocation"),
    Field::new("helpers", Kind::List(HELPER), "帮扶责任人", "People responsible for help").searched(),
    location(),
    remarks(),
];

pub(super) static MEMBERS: &[Field] = &[
    reference("household", "households", "所属贫困户", "Household").required(),
    text("name", "姓名", "Name").required().searched(),
    choice("sex", SEX, "性别", "Sex"),
    Field::new("id_number", Kind::IdNumber, "证件号码", "Identity number").personal().doc(
        "18 位公民身份号码，或残疾人证号（身份号码后加残疾类别和等级各一位，补发的再加 B1 等）",
        "The 18-character citizen's number (GB 11643), or a disability-card number: the same followed by one digit for \
         the category (1 to 7), one for the grade (1 to 4) and, on a card issued again, B1, B2, …",
    ),
    text("relation", "与户主关系", "Relation to the head of household"),
    text("ethnicity", "民族", "Ethnicity").column(),
    choice("education", EDUCATION, "文化程度", "Education"),
    choice("student", STUDENT, "在校生状况", "At school"),
    choice("health", HEALTH, "健康状况", "Health"),
    choice("labour", LABOUR, "劳动能力", "Ability to work"),
    integer("months_away", 12, "务工时间", "Months away at work in the year").unit(MONTHS),
    flag("medical_insurance", "是否参加新型农村合作医疗", "Rural cooperative medical insurance"),
    flag("major_illness_cover", "是否参加大病医疗", "Cover for major illness"),
    flag("pension", "是否参加城乡居民基本养老保险", "Basic pension insurance"),
];

pub(super) static VILLAGES: &[Field] = &[
    village().required().sorted().rule(Rule::NamesTheRecord).doc(
        "记录的 id 是本代码在命名空间 6ba7b814-9dad-11d1-80b4-00c04fd430c8 中的第 5 版 UUID",
        "12-digit code that begins with the bucket's. The record's id is the UUID version 5 of this code in the \
         namespace 6ba7b814-9dad-11d1-80b4-00c04fd430c8.",
    ),
    flag("poor_village", "是否贫困村", "Poor village"),
    village_households("households", "总户数", "Households").sorted(),
    village_people("people", "总人口数", "People").sorted(),
    village_households("poor_households", "贫困户数", "Poor households").sorted(),
    village_people("poor_people", "贫困人口数", "Poor people").sorted(),
    village_people("minority_people", "少数民族人口数", "People of ethnic minorities"),
    village_people("labourers", "劳动力人数", "Labourers"),
    village_people("migrants", "外出务工人数", "People away at work"),
    integer("hamlets", 10_000, "自然村数", "Hamlets"),
    number("unpaved_km", DISTANCE_KM, "到乡镇未通沥青（水泥）路里程", "Unpaved road to the township").unit(KM),
    flag("bus", "是否通客运班车", "Bus service"),
    village_households("water_unsafe_households", "未实现饮水安全户数", "Households without safe drinking water"),
    village_households("no_power_households", "未通生活用电户数", "Households without electricity"),
    flag("broadcast_tv", "是否通广播电视", "Radio and television"),
    flag("clinic", "有无卫生室", "Clinic"),
    flag("licensed_doctor", "有无执业（助理）医师", "Licensed (assistant) doctor"),
    flag("library", "有无文化（图书）室", "Library"),
    flag("mutual_fund", "有无互助资金组织", "Mutual-aid fund"),
    number("collective_income", VILLAGE_YUAN, "集体经济收入", "Income of the collective").unit(YUAN).sorted(),
    text("resident_team", "驻村工作队", "Resident work team").searched(),
    text("first_secretary", "第一书记", "First secretary").searched(),
    location(),
    remarks(),
];
