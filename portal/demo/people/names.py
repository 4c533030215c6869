"""Names as the three boroughs have them, none taken from a real case: communities mix, spellings vary."""

from random import Random

# (share in ten, men's first names, women's first names, surnames, ONS 18+1 ethnicity codes as police and probation use)
_Community = tuple[int, str, str, str, tuple[str, ...]]
_COMMUNITIES: tuple[_Community, ...] = (
    (
        30,
        "Ryan Lee Jamie Craig Wayne Scott Darren Kieran Liam Connor Jack Mason Reece Danny Shane Gary Paul Billy "
        "Ashley Lewis",
        "Kelly Jade Stacey Chantelle Leanne Donna Amy Kirsty Natalie Gemma",
        "Bennett Cooper Harris Fielding Mitchell Ward Tully Crouch Barrow Penfold Hollis Sadler Rudge Whitlock Mercer "
        "Smith-Farrell Hartnell Cawley Ames Duckett",
        ("W1",),
    ),
    (
        8,
        "Declan Ciarán Eoin Pádraig Martin Niall Seán",
        "Siobhán Aisling Róisín Bernadette",
        "O'Brien O'Shea Murphy McDonagh Ní-Fhearghail Connors Doherty Kelleher Fitz-Gerald Quinlan",
        ("W2", "W9"),
    ),
    (
        16,
        "Tyrone Jermaine Andre Marlon Dwayne Leon Curtis Jerome Rio Devonte Kemar Nathan",
        "Shanice Monique Keisha Danielle",
        "Campbell Grant St.John Bailey Francis-Lowe Gayle Reid McFarlane Thomas Brathwaite Clarke Wynter",
        ("B1", "M1"),
    ),
    (
        14,
        "Kwame Tunde Emeka Ibrahim Samuel Kofi Chinedu Emmanuel Abdul Olamide",
        "Adaeze Blessing Efua Folasade",
        "Mensah Okafor Adeyemi Osei-Bonsu Nwachukwu Boateng Olatunji Sesay Kamara Oluwaseun-Adegoke",
        ("B2",),
    ),
    (
        9,
        "Mohamed Abdi Yusuf Khalid Hassan Ayanle Bilal Mohammed",
        "Hodan Ifrah Amina",
        "Warsame Abdullahi Farah Jama Haji-Ismail Nur Osman Mohamud",
        ("B2", "B9"),
    ),
    (
        12,
        "Imran Ravi Hardeep Faisal Jaspal Zain Kamran Nilesh Shahid Arjan Thushan",
        "Priya Nasreen Sunita Harpreet",
        "Patel Khan Singh Hussain Chowdhury Akhtar Sandhu Rathnayake Sivapalan Bhatt Mirza D'Costa Iqbal",
        ("A1", "A2", "A3", "A9"),
    ),
    (
        9,
        "Andrei Marcin Ionuț Bogdan Tomasz Vasile Luis Rui Ștefan Łukasz",
        "Elena Magdalena Ana-Maria Agnieszka",
        "Popescu Kowalski Wiśniewski Munteanu Núñez de-Souza Ciobănescu Żak Ferreira-Antunes Georgiou Đorđević",
        ("W9",),
    ),
    (
        6,
        "Farhad Ali Omar Karim Reza Haydar Emre Şahin",
        "Leila Zahra Yasemin",
        "Hosseini Karimi Al-Tikriti Rahmani Yıldız Özdemir Haidari Ben-Yosef",
        ("O9", "NS", "O2"),
    ),
)
_WEIGHTS = [community[0] for community in _COMMUNITIES]
_MEN = [community[1].split() for community in _COMMUNITIES]
_WOMEN = [community[2].split() for community in _COMMUNITIES]
_SURNAMES = [community[3].split() for community in _COMMUNITIES]
_NICKNAMES = (
    "Smiley",
    "Biggs",
    "Tiny",
    "Ghost",
    "Ginge",
    "Lips",
    "Uncle",
    "Mo",
    "Jay",
    "Kizz",
    "Boxer",
    "Sparks",
    "Dee",
    "Chips",
)

LANGUAGES = {
    "W9": ("Polish", "Romanian", "Portuguese", "English"),
    "B9": ("Somali", "English"),
    "B2": ("English", "Somali"),
}


def person_name(rng: Random, woman: bool) -> tuple[str, str, str]:
    """A (surname, forenames, ethnicity code), all of one community; one in four has a middle name."""
    which = rng.choices(range(len(_COMMUNITIES)), _WEIGHTS)[0]
    firsts = (_WOMEN if woman else _MEN)[which]
    first = rng.choice(firsts)
    second = rng.choice(firsts)
    forenames = f"{first} {second}" if second != first and rng.random() < 0.25 else first
    return rng.choice(_SURNAMES[which]), forenames, rng.choice(_COMMUNITIES[which][4])


def nickname(rng: Random, forename: str) -> str:
    """What a person is also known as: a street name, or the forename shortened."""
    return rng.choice((*_NICKNAMES, f"{forename[0]}-{rng.choice(('Man', 'Boy', 'Star', 'T'))}", forename[:3]))
