"""The product categories: what they sell, for how much and how often."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """One category.

    share     of the assortment and, roughly, of the lines sold
    prices    usual range of the unit price, money
    units     expected extra units on a line beyond the first
    margin    (lowest, highest) unit cost as a share of the price
    elasticity   per cent fewer purchases of a product when its price rises by one per cent
    """

    name: str
    share: float
    prices: tuple[float, float]
    units: float
    margin: tuple[float, float]
    elasticity: float
    brands: tuple[str, ...]
    kinds: tuple[str, ...]
    things: tuple[str, ...]
    is_merchandise: bool = True


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


GIFT_CARDS = "Gift Cards"
ALL_CATEGORIES = "ALL"

CATEGORIES: tuple[Category, ...] = (
    Category(
        "Grocery",
        0.18,
        (1.0, 9.0),
        0.9,
        (0.62, 0.80),
        1.1,
        _words("Harvest Lane, Nordkorn, Casa Verde, Millstone, Good Pantry"),
        _words("Organic, Wholegrain, Classic, Family Size, Fine, Rustic, Gluten-Free, Golden"),
        _words(
            "Spaghetti, Tomato Sauce, Basmati Rice, Muesli, Oat Biscuits, Olive Oil, Lentil Soup, "
            "Strawberry Jam, Chickpeas, Rye Crackers, Dark Chocolate, Honey, Pesto, Peanut Butter"
        ),
    ),
    Category(
        "Beverages",
        0.11,
        (1.2, 14.0),
        1.1,
        (0.55, 0.75),
        1.2,
        _words("Alpenquell, Bean & Leaf, Orchard Hill, Costa Sol, Brewmark"),
        _words("Sparkling, Organic, Cold Brew, Classic, Sugar-Free, Premium, Mild, Winter"),
        _words(
            "Mineral Water, Apple Juice, Orange Juice, Ground Coffee, Coffee Beans, Green Tea, "
            "Black Tea, Ginger Ale, Lemonade, Oat Drink, Cocoa, Elderflower Cordial"
        ),
    ),
    Category(
        "Household",
        0.10,
        (1.5, 18.0),
        0.6,
        (0.50, 0.70),
        1.0,
        _words("Brightly, Pure Home, EcoNest, Glanz, Tidy & Co"),
        _words("Sensitive, Fresh Linen, Citrus, Refill, Extra Strong, Unscented, Jumbo, Natural"),
        _words(
            "Laundry Liquid, Dish Soap, Kitchen Towels, Dishwasher Tabs, Bin Bags, Glass Cleaner, "
            "Fabric Softener, Sponges, Toilet Paper, Candles, Batteries AA, Descaler"
        ),
    ),
    Category(
        "Health & Beauty",
        0.11,
        (2.5, 39.0),
        0.35,
        (0.40, 0.62),
        1.3,
        _words("Lumea, Derma Pure, Aloe & Co, Sanativa, North Fjord"),
        _words("Hydrating, Sensitive, Repair, Daily, Intensive, Herbal, SPF 30, Matte"),
        _words(
            "Shampoo, Conditioner, Face Cream, Hand Cream, Shower Gel, Toothpaste, Deodorant, "
            "Lip Balm, Body Lotion, Vitamin C Tablets, Serum, Cleansing Foam"
        ),
    ),
    Category(
        "Apparel",
        0.12,
        (8.0, 89.0),
        0.25,
        (0.35, 0.55),
        1.6,
        _words("Nordhavn, Maison Lune, Urban Thread, Woolcraft, Sol & Sea"),
        _words("Women's, Men's, Kids', Slim Fit, Relaxed, Organic Cotton, Merino, Linen"),
        _words(
            "T-Shirt, Jeans, Hoodie, Socks 3-Pack, Cardigan, Shirt, Chinos, Rain Jacket, Scarf, "
            "Beanie, Pyjamas, Belt, Sweater, Leggings"
        ),
    ),
    Category(
        "Electronics",
        0.08,
        (12.0, 429.0),
        0.05,
        (0.68, 0.86),
        1.9,
        _words("Voltaro, Pixelon, Sonara, Kestrel, Arcwave"),
        _words("Wireless, Compact, Pro, Mini, Smart, USB-C, Bluetooth, Series 5"),
        _words(
            "Headphones, Speaker, Keyboard, Mouse, Charger, Power Bank, Tablet, Smart Watch, "
            "Webcam, E-Reader, Router, Desk Lamp, Hard Drive, Earbuds"
        ),
    ),
    Category(
        "Home & Kitchen",
        0.09,
        (5.0, 149.0),
        0.2,
        (0.45, 0.65),
        1.4,
        _words("Casa Verde, Stahlberg, Loft & Living, Copperpot, Hygge House"),
        _words("Stainless Steel, Ceramic, Bamboo, Non-Stick, Glass, Enamel, Recycled, Stackable"),
        _words(
            "Frying Pan, Saucepan, Chopping Board, Mug Set, Storage Box, Water Bottle, Kettle, "
            "Baking Tray, Salad Bowl, Knife Set, Cushion, Bath Towel, Duvet Cover"
        ),
    ),
    Category(
        "Toys & Games",
        0.06,
        (4.0, 69.0),
        0.15,
        (0.45, 0.62),
        1.5,
        _words("Klotz, Little Fox, Playwright, Domino House, Wonderbox"),
        _words("Wooden, Junior, Family, Travel, Magnetic, Deluxe, Glow, First"),
        _words(
            "Building Blocks, Puzzle, Card Game, Board Game, Train Set, Plush Bear, Craft Kit, "
            "Race Car, Doll House, Kite, Science Kit"
        ),
    ),
    Category(
        "Sports & Outdoors",
        0.06,
        (6.0, 179.0),
        0.1,
        (0.48, 0.66),
        1.5,
        _words("Trailhead, Gipfel, Aquaflow, Stride, Peak & Path"),
        _words("Lightweight, Trail, Indoor, Waterproof, Foldable, Pro, Thermal, Reflective"),
        _words(
            "Running Shoes, Yoga Mat, Backpack, Sleeping Bag, Dumbbells, Cycling Gloves, "
            "Swim Goggles, Football, Hiking Poles, Tent, Skipping Rope, Thermos"
        ),
    ),
    Category(
        "Books & Stationery",
        0.05,
        (1.5, 34.0),
        0.25,
        (0.50, 0.70),
        1.1,
        _words("Papyrus, Inkwell, Lighthouse Press, Graphit, Green Page"),
        _words("Illustrated, Pocket, Hardcover, Dotted, Recycled, Weekly, Lined, Student"),
        _words(
            "Notebook, Cookbook, Travel Guide, Calendar, Gel Pens, Sketch Pad, Novel, Planner, "
            "Greeting Cards, Colouring Book, Atlas"
        ),
    ),
    Category(
        "Pet Supplies",
        0.04,
        (1.0, 49.0),
        0.7,
        (0.52, 0.70),
        0.9,
        _words("Happy Paws, Felina, Waldhund, Purrfect, Tailwind"),
        _words("Grain-Free, Senior, Puppy, Salmon, Chicken, Natural, Sensitive, Small Breed"),
        _words("Dry Food, Wet Food, Treats, Cat Litter, Chew Bone, Collar, Pet Bed, Feather Toy"),
    ),
    Category(
        GIFT_CARDS,
        0.01,
        (10.0, 100.0),
        0.0,
        (0.95, 0.97),
        0.0,
        _words("Harbour & Hill"),
        _words("Birthday, Thank You, Festive, Classic"),
        _words("Gift Card"),
        is_merchandise=False,
    ),
)
